"""The customer card: the fields a workspace chose and what the rooms know, on one screen for front-line staff."""
