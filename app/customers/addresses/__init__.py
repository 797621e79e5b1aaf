"""The addresses of customers: emails, phone numbers and postal addresses, with their history."""
