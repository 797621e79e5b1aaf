"""The parent of every expected refusal."""

from __future__ import annotations

from typing import Any

from app.kernel.translatable import N_, MessageId


class Refusal(Exception):
    """Something asked for cannot be done, and the person asking deserves to know why.

    A subclass lives beside the code that raises it; its docstring says what is so. `message` is a marked text with
    named `%(placeholders)s`; the edge translates and shows it. `field` ties it to one form field.
    """

    status = 409
    message: MessageId = N_("This cannot be done right now.")

    def __init__(self, message: MessageId | None = None, *, field: str | None = None, **values: Any) -> None:
        self.message = message or type(self).message
        self.field = field
        self.values = values
        super().__init__(self.message % values if values else self.message)


class NotFound(Refusal):
    """The thing named does not exist here, or not for this workspace."""

    status = 404
    message = N_("This page or record does not exist.")
