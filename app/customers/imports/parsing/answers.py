"""Reads the consent columns of a row; equal cells of a file are read once."""

from __future__ import annotations

from datetime import datetime

from app.customers.imports.evidence import ConsentClaim, Terms
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.parsing import answer_words
from app.customers.imports.parsing.answer_words import Answer
from app.customers.imports.parsing.columns import Columns
from app.customers.imports.refused import RowRefused
from app.customers.profiles import dates

LONGEST = 2000
PURPOSES = ("marketing", "open_tracking", "click_tracking", "profiling")
# What rows of one kind share; the time and the network address are each row's own.
_SHARED = ("consent", "consent_method", "consent_wording", "consent_topic", "consent_purposes", "consent_source")
_MOST_KINDS = 8192


class AnswerReader:
    """Reads the consent columns of one file's rows."""

    def __init__(self, place: dict[str, int], options: Options) -> None:
        self._place = place
        self._names = [name for name in _SHARED if name in place]
        self._shared = Columns([place[name] for name in self._names])
        self._at = place.get("consented_at")
        self._ip = place.get("consent_ip")
        self._left = place.get("unsubscribed")
        self._options = options
        self._kinds: dict[tuple[str, ...], tuple[Answer | None, Terms, int]] = {}

    def read(self, row: int, email: str, cells: list[str]) -> ConsentClaim | None:
        """Return the answer the row tells of, None when it tells of none; raise RowRefused."""
        answer, terms, length = self._kind(tuple(self._shared(cells)))
        time = cells[self._at].strip() if self._at is not None else ""
        ip = cells[self._ip].strip() if self._ip is not None else ""
        left = cells[self._left].strip() if self._left is not None else ""
        if not (length or time or ip or left):
            return None
        if length + len(time) + len(ip) + len(left) > LONGEST:
            raise RowRefused("too_long", "consent")
        if left and answer_words.tells_of_leaving(left):
            answer = Answer.NO
        elif answer is None:
            # A file without a yes-or-no column means yes where it tells when or how consent was given.
            answer = Answer.YES if time and "consent" not in self._place else Answer.NONE
        if answer is Answer.NONE:
            return None
        return ConsentClaim(row, email, answer is Answer.YES, self._moment(time) if time else None, terms, ip)

    def _kind(self, cells: tuple[str, ...]) -> tuple[Answer | None, Terms, int]:
        found = self._kinds.get(cells)
        if found is None:
            if len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
            found = self._kinds[cells] = self._read_kind([cell.strip() for cell in cells])
        return found

    def _read_kind(self, texts: list[str]) -> tuple[Answer | None, Terms, int]:
        """Return what is answered (None: by the time alone), the terms, and how long all of it is."""
        length = sum(map(len, texts))
        if length > LONGEST:
            raise RowRefused("too_long", "consent")
        told = dict.fromkeys(_SHARED, "") | dict(zip(self._names, texts, strict=True))
        said, method, wording, topic, purposes, page = told.values()
        answer = self._answer(said) if said else Answer.YES if method or wording else None
        stated = self._options
        terms = Terms(
            *(method or stated.consent_method, wording or stated.consent_wording, topic or stated.topic, page),
            self._purposes(purposes),
            stated=" and ".join(
                name
                for name, own, given in (
                    ("method", method, stated.consent_method),
                    ("wording", wording, stated.consent_wording),
                )
                if given and not own
            ),
        )
        return answer, terms, length

    def _moment(self, text: str) -> datetime:
        try:
            return dates.moment(text, self._options.date_order, self._options.time_zone)
        except ValueError:
            raise RowRefused("date", text, self._at) from None

    def _answer(self, text: str) -> Answer:
        answer = answer_words.read(text)
        if answer is None:
            raise RowRefused("truth", text[:100], self._place["consent"])
        return answer

    def _purposes(self, cell: str) -> tuple[str, ...]:
        if not names_purposes(cell):
            raise RowRefused("purpose", cell[:100], self._place["consent_purposes"])
        return tuple(dict.fromkeys(_words(cell))) or ("marketing",)


def names_purposes(cell: str) -> bool:
    """Say whether every word of the cell is a purpose."""
    return set(_words(cell)) <= set(PURPOSES)


def _words(cell: str) -> list[str]:
    return cell.replace(",", " ").replace(";", " ").replace("|", " ").lower().split()
