"""Journeys ready to be made from one click, with words to be reworded."""
