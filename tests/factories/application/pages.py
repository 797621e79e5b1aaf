"""Reads the controls of a form on a page, as a browser would send them."""

from __future__ import annotations

from html.parser import HTMLParser


def controls_of(page: str, action: str) -> dict[str, str]:
    """Return name and value of what the form that posts to `action` would send if its button were pressed at once."""
    reader = _Reader(action)
    reader.feed(page)
    return reader.sent


class _Reader(HTMLParser):
    def __init__(self, action: str) -> None:
        super().__init__()
        self.action, self.sent = action, dict[str, str]()
        self._is_inside, self._select, self._area = False, "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self._is_inside = given.get("action") == self.action
        elif not self._is_inside:
            return
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area, self.sent[name] = name, ""
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.sent):
            self.sent[self._select] = value
        elif tag == "input" and name and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self.sent[name] = value

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            # A browser leaves out the line break right after the opening tag.
            self.sent[self._area] = self.sent[self._area].removeprefix("\n")
            self._area = ""
