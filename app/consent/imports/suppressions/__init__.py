"""Files of addresses that are never to be mailed."""
