"""How can this customer be reached, and how once? Emails, phone numbers and postal addresses, with their history."""
