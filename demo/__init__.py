"""A small shop to try Assent on: made-up people, made-up purchases, and everything real in between.

Nothing here is used by the product. Addresses end in names reserved for examples, so that nobody is ever written to.
"""
