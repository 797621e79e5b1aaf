"""The customer list, and its export."""
