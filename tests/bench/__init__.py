"""Tests of the benchmark program: its rows, not its figures."""
