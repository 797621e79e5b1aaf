"""Accounts: who of the staff may do what, in which workspace, sending as whom.

Words: a *workspace* is one company's walled garden; *staff* log in; a *membership* gives one of the staff a role in one
workspace; a *sending identity* is the domain and address a workspace writes from. The room promises that every change
staff make leaves an audit entry, and that no secret (password, session, API key, signing key) is stored readable.
"""
