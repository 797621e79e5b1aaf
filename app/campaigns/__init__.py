"""What do we say, to whom, when? One message to many: composed, checked, launched, and told what came of it.

A *campaign* is content and an audience; launching it makes one send. Nothing here decides who may be written to: consent
is asked when messages are laid out, and again when they leave.
"""
