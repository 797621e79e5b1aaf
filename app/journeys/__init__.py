"""Journeys: what happens next for a customer, step by step, until they answer, buy, leave or come to the end.

Words: a *journey* is a row of *steps* (send a mail, wait some days, give staff a task); an *enrolment* is one customer
on one journey, standing at one step. The room promises that every step happens to a person at most once, that
whoever answers, buys or withdraws gets nothing more of it, and that it can always say who stands where, and why not.
"""
