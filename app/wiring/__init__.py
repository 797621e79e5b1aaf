"""How is the house put together? The rooms do not know one another's news, hooks and panels; this floor connects them.

`hears` is the only map of who hears what, light enough for a worker; `application` builds the web application;
`hooks` lets higher rooms answer what lower ones ask.
"""
