"""What one can ask of a customer: each condition is one class that describes itself: inputs, JSON, SQL, sentence, help.

A room that knows something about customers defines its conditions in its own `conditions.py`; wiring gathers them in
`ConditionTypes`, and segments compose them into rules. No condition is named anywhere else.
"""
