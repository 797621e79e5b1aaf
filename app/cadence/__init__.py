"""Cadence: when the next contact is welcome.

Words: a *cap* is so many contacts in a rolling window; a *promise* is the frequency a topic announced at sign-up;
*quiet hours* are told by the clock on the person's own wall. This room only decides; the gate in delivery asks it and
obeys.
"""
