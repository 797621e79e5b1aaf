"""The JSON API for other programs: versioned, with keys, idempotent writes, and problems with pointers.

It holds no rule of its own: what staff may not do on a page, a program may not do here either.
"""
