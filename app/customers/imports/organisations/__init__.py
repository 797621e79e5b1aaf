"""Files of organisations: one a row, by its number or name, below another one."""
