"""The conditions and groups a rule is made of."""
