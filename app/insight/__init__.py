"""Insight: what customers are worth, and how we know.

Scores are worked out at night, in the database, only for people who allowed profiling, and written back as
*traits* of the customer with provenance `inferred`. Whoever withdraws profiling has no traits any more.
"""
