"""Conditions on one field of a customer, built in or the workspace's own."""
