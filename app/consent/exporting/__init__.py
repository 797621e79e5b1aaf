"""Files that leave: the suppression list."""
