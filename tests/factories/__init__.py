"""Rows that tests begin with, one file a room. A factory writes what a real action would have written."""
