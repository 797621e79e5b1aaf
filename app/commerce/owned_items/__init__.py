"""What customers have: it follows from orders, or is said by staff and programs; when it is due, and what ends when."""
