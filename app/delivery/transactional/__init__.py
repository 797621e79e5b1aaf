"""Mail sent of our own accord: confirmations, invitations and tests."""
