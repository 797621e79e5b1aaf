"""What statements are written with: array literals, and rows by their key."""
