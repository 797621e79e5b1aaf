"""The segment builder's page."""
