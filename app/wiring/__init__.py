"""Assembles the house: connects the rooms' facts, hooks and panels, which do not know one another.

`hears` is the only map of who hears what, light enough for a worker; `application` builds the web application;
`hooks` lets higher rooms answer what lower ones ask.
"""
