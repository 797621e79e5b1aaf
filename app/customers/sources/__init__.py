"""The catalogue of sources: where people and their values come from, at what cost and under which licence."""
