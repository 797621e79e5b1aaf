"""What must be true of the whole house, whatever a room does."""
