"""Replies of customers and their classification."""
