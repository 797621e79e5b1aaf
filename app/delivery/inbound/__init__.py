"""Incoming mail: the server, its parser, bounces, complaints and replies."""
