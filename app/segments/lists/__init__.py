"""Lists of people: named, filled one by one or from somewhere, each member with who added them."""
