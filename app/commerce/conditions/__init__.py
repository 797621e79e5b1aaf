"""Conditions on what customers bought, left in a cart and own, one file a noun; `wiring/conditions.py` lists them."""
