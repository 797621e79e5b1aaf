"""Mails made of blocks: their published schema, what text in them may hold, and the MJML they become."""
