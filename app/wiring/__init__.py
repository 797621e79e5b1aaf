"""Assembles the installation: `extensions` is the only map of what rooms add to one another, for every process;
`pages` adds what the web shows, and `application` builds the web application of it.
"""
