"""The type of a customer's id, for what must not take another number for one."""

from typing import NewType

CustomerId = NewType("CustomerId", int)
