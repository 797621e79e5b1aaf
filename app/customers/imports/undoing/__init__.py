"""Undo of a whole import: what it added goes, what it changed returns, unless it was changed or used since."""
