"""The guided set-up of a workspace: what is asked before a customer database is built, and what a first send needs."""
