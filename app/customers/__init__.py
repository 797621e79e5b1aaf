"""The customer database: who somebody is, how we know, and what they did.

A *customer* is a person the company knows; the address is one of their values, not their identity. A value
remembers where it came from (`provenance`), every event is one *activity* on one timeline, and the sums that
segments and cadence ask for are kept beside the person (`engagement`), so that no question scans events.
"""
