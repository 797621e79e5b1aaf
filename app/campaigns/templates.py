"""What does a source look like as a mail? From MJML, Markdown or HTML to the HTML and text that are sent."""

from __future__ import annotations

from collections.abc import Collection

from app.campaigns import markdown_mail, mjml_mail, plain_text
from app.campaigns.brands import Brand
from app.campaigns.mjml_mail import MjmlInvalid
from app.campaigns.models import Format
from app.delivery import syntax
from app.delivery.syntax import Problem
from app.kernel.refusals import Refusal


class SourceInvalid(Refusal):
    """A source cannot become a mail; `problems` say what and where."""

    status = 422
    message = "Line %(line)s: %(reason)s"

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(line=problems[0].line, reason=problems[0].message, field="source")
        self.problems = problems


def to_html(format: str, source: str, brand: Brand) -> str:  # noqa: A002 - as the column is called
    """Return the mail's HTML, merge fields still in it; raise SourceInvalid."""
    if format == Format.MARKDOWN:
        return markdown_mail.to_html(source, brand)
    if format == Format.MJML:
        try:
            return mjml_mail.to_html(source, brand)
        except MjmlInvalid as error:
            raise SourceInvalid([_problem(error)]) from error
    return source


def to_text(html: str) -> str:
    """Return the text part of a mail's HTML."""
    return plain_text.to_text(html)


def problems_of(
    format: str,  # noqa: A002 - as the column is called
    source: str,
    *,
    brand: Brand,
    known_fields: Collection[str] | None = None,
) -> list[Problem]:
    """Return everything that keeps a source from being sent, with the author's own lines."""
    found = syntax.check(source, kind="html" if format == Format.HTML else "text", known_fields=known_fields)
    if found or format == Format.HTML:
        return found
    try:
        html = to_html(format, source, brand)
    except SourceInvalid as refused:
        return refused.problems
    # What only shows in the finished mail, such as a field inside a style, cannot be told to one line of the source.
    return [Problem(1, 1, each.msgid, each.hint_msgid, each.values) for each in syntax.check(html, kind="html")]


def _problem(error: MjmlInvalid) -> Problem:
    return Problem(error.line, error.column, error.msgid, "", error.values)
