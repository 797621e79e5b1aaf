"""Segments: a rule says which customers; it compiles to one SQL statement and reads aloud as one sentence.

Words: a *rule* is a group (all, any, not) or a condition; conditions come from `app/conditions`
and from the `conditions.py` of other rooms.
Promise: a rule and its opposite together are everybody, no value ever becomes SQL text, and every statement carries the
workspace. There is no raw SQL feature.
"""
