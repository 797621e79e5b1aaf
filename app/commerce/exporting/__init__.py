"""Products and orders as files."""
