"""Consent: whether we may write to somebody about something, and the proof of it.

Words: a *purpose* is what one consents to (marketing per topic, open tracking, click tracking, profiling), a *topic* is
what one subscribes to, a *notice* is the exact wording shown, the *ledger* is the hash-chained record of every answer.
Promise: nobody is mailable without a record that says why, and no record is ever changed.
"""
