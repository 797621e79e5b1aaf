"""What do we hold about one person, and how does it go? Their data to take along, and their erasure."""
