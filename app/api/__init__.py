"""How do other programs use the same service? A versioned JSON API: keys, idempotent writes, problems with pointers.

It holds no rule of its own: what staff may not do on a page, a program may not do here either.
"""
