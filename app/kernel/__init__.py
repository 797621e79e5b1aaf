"""What everything runs on: database, outbox, clock, settings, tokens.

The kernel knows no product word: nothing in here says customer, campaign or consent. Everything above stands on it.
"""
