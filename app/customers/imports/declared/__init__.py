"""Kinds of import that are declared: their columns, how rows find what is known, and what is written."""
