"""A customer's record: identity, fields, provenance and scores."""
