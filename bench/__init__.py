"""How fast is it? Measured on this machine, printed as one table; never a timed test."""
