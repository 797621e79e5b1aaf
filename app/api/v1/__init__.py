"""Version 1: what programs send and get. Fields are only added, never renamed or removed."""
