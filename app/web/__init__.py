"""The frame of every page: layout, components, guards, errors, languages and the built assets; knows no product rule.

Rooms' views import this room; business modules never do. Words: a *guard* says who may open a view, a *panel* is a
part of a page that another room draws, a *toast* is the sentence after an action, the *side panel* opens over a list.
"""
