"""Activities of customers, and the timeline that shows them."""
