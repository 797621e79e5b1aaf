"""Benchmarks: measured on this machine and printed as one table; never a timed test."""
