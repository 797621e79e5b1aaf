"""Campaigns: one message to many, composed, checked, launched, and told what came of it.

A *campaign* is content and an audience; launching it makes one send. Who may be written to is not decided here: that is
asked of consent when messages are queued, and again when they leave.
"""
