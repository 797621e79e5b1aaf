"""Content becomes the bytes of one person's mail: compiled once, filled in per person."""
