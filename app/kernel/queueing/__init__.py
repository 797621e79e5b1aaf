"""The outbox, its relay, the queues and their workers."""
