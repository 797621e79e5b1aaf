"""The quality of the customer data: what is filled in, what is old, who cannot be reached, and what to collect next."""
