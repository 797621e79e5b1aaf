"""Shops that tell us by signed webhooks what happens in them: their connections, what came, and what it says."""
