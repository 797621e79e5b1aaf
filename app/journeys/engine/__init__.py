"""Lets customers in, does what is due for them, and lets them out again."""
