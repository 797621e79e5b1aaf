"""What an author works with: previews, checks before sending, starters, and tags of other tools."""
