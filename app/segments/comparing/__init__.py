"""The comparison of segments: how many people they share, and the circles that picture it."""
