"""How fast mail may leave: rate limits, the domains that refuse us, and how long a mail server may take."""
