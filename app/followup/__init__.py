"""Follow-up: who looks after a customer, and what waits to be done.

Tasks are opened by whoever sees that a person should act: a journey, a program, one of the staff.
"""
