"""Members of watched segments: who is in, who entered and left, brought up to date for whoever changed."""
