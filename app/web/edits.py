"""Edit forms that keep what others have changed meanwhile."""

from __future__ import annotations

import json
from typing import Any

from wtforms import HiddenField
from wtforms.fields.core import Field

from app.web.forms import Form
from app.web.requests import characters

_OWN = ("csrf_token", "seen")


class EditForm(Form):
    """A form over a record that others may change meanwhile: it carries along what it showed.

    To show one, fill it and call `show`. To keep one, hold the row, build a second form of what is on record now and
    `rebase` on it: what the author left alone then says what the record says, and only what they touched is written.
    The template renders `form.seen`.
    """

    seen = HiddenField()

    def show(self) -> None:
        """Note what this form shows."""
        self.seen.data = self.noted()

    def noted(self, **instead: Any) -> str:
        """Return what the fields say, as `seen` carries it, with other values for some of them.

        A page that stays open after it was kept goes on from what its own fields say, taken before `rebase`.
        """
        return json.dumps({field.name: _plain(field) for field in self if field.name not in _OWN} | instead)

    def rebase(self, current: EditForm) -> set[str]:
        """Take over what is on record now for every field that was left as it was shown.

        Return the names of the others, which are to be written.
        """
        shown = self.shown()
        for field in self:
            name = field.name
            if name in _OWN or name not in current or shown.get(name, _ABSENT) != _plain(field):
                continue
            field.data = current[name].data
        current.show()
        self.seen.data = current.seen.data
        return self.differing(current)

    def conflicting(self, current: EditForm) -> set[str]:
        """Return the names of the fields that were changed here and meanwhile, to something else, on record.

        A field nobody was shown says nothing about what its author knew.
        """
        shown = self.shown()
        return {
            name
            for name in self.differing(current)
            if name in shown and shown[name] not in (_plain(self[name]), _plain(current[name]))
        }

    def differing(self, current: EditForm) -> set[str]:
        """Return the names of the fields that say something else than the other form's."""
        return {
            field.name
            for field in self
            if field.name not in _OWN and field.name in current and _plain(field) != _plain(current[field.name])
        }

    def shown(self) -> dict[str, Any]:
        """Return what the author was shown, by field; what cannot be read was shown to nobody."""
        try:
            found = characters.read_json(self.seen.data or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


_ABSENT = object()


def _plain(field: Field) -> Any:
    """Return what a field holds in a form that survives the way through the browser."""
    value = field.data
    if isinstance(value, bool):
        return value
    if isinstance(value, list | tuple | set):
        return sorted(str(item) for item in value)
    return " ".join(str(value).split()) if value is not None else ""
