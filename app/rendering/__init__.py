"""How does content become the bytes of one person's mail? Compiled once, filled in per person."""
