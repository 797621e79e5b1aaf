"""Delivery: each message leaves once and lawfully, or says why not.

Content becomes messages, they pass the gate, and reach a mailbox.

Words: a *send* is frozen content for an audience, a *message* one mail to one person, a *batch* what a sender leases, a
*lane* the way from one sender identity to one mailbox provider. Promise: at most once, and what is in doubt is named.
"""
