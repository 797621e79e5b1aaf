"""Files of purchases: what their columns may be, how a row is read, and how rows are taken over."""
