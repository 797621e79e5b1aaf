"""The state machine of messages: enqueueing, batches, lanes, workers and results."""
