"""Files of products: one a row, by the number or name the shop has for it."""
