"""The schema's history, numbered; each step can be undone."""
