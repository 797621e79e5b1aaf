"""How an audience becomes messages: occasions, assignment to contents, enqueueing, and the forecast of a launch."""
