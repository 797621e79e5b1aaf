"""Converts a source in blocks, MJML, Markdown or HTML to the HTML and text that are sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_, UNSAID
from app.rendering.blocks import schema, texts
from app.rendering.blocks.goods import Goods
from app.rendering.blocks.schema import Mail
from app.rendering.brands import Brand
from app.rendering.foreign_tags import foreign_tags
from app.rendering.foreign_tags.expressions import Names
from app.rendering.foreign_tags.foreign_tags import ForeignTag
from app.rendering.language import syntax
from app.rendering.language.syntax import MOST_PROBLEMS, Problem
from app.rendering.sources import blocks_mail, markdown_mail, mjml_mail, plain_text
from app.rendering.sources.formats import Format
from app.rendering.sources.mjml_mail import MjmlInvalid

_TOO_MANY_SIGNS = N_("This holds more than 15,000 lines and signs of Markdown.")
_OF_A_TOOL = N_("“%(tag)s” is a merge tag of %(tool)s.")
_OF_ANOTHER_TOOL = N_("“%(tag)s” is a merge tag of another tool.")
_TAKES_NO_PLACE = N_("Nothing takes its place here. Leave it out.")
_IS_WRITTEN = N_("In this mail it is written %(ours)s.")
_WITHOUT_COUNTERPART = N_("It has no counterpart here. Write what it stood for, or leave it out.")


class SourceInvalid(Refusal):
    """A source cannot become a mail; `problems` say what and where."""

    status = 422
    message = N_("Line %(line)s: %(reason)s")

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(line=problems[0].line, reason=problems[0].message, field="source")
        self.problems = problems


def to_html(
    format: str,  # noqa: A002 - as the column is called
    source: str,
    brand: Brand,
    *,
    goods: Goods | None = None,
    is_canvas: bool = False,
) -> str:
    """Return the mail's HTML, merge fields still in it; raise SourceInvalid.

    `goods` are the products that blocks show (`goods.read`); a canvas is what the editor of blocks draws on.
    """
    if format == Format.BLOCKS:
        try:
            return blocks_mail.to_html(source, brand, goods or {}, is_canvas=is_canvas)
        except schema.SourceUnreadable as error:
            raise SourceInvalid([_unreadable(error)]) from error
        except MjmlInvalid as error:
            raise SourceInvalid([_problem(error)]) from error
    if format == Format.MARKDOWN:
        try:
            return markdown_mail.to_html(source, brand)
        except markdown_mail.MarkdownTooLong as error:
            raise SourceInvalid([Problem(1, 1, _TOO_MANY_SIGNS)]) from error
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
    year: int | None = None,
) -> list[Problem]:
    """Return everything that keeps a source from being sent, with the author's own lines.

    Tags of other tools come first: they explain what else cannot be read.
    """
    if format == Format.BLOCKS:
        return _problems_of_blocks(source, brand, known_fields, year)
    foreign = foreign_problems(source, Names(known_fields or (), year), kind=format)
    if foreign:
        return foreign
    found = syntax.check(source, kind="html" if format == Format.HTML else "text", known_fields=known_fields)
    if found or format == Format.HTML:
        return found
    try:
        html = to_html(format, source, brand)
    except SourceInvalid as refused:
        return refused.problems
    # What only shows in the finished mail, such as a field inside a style, cannot be told to one line of the source.
    return [Problem(1, 1, each.msgid, each.hint_msgid, each.values) for each in syntax.check(html, kind="html")]


def _problems_of_blocks(
    source: str, brand: Brand, known_fields: Collection[str] | None, year: int | None
) -> list[Problem]:
    try:
        mail = schema.read(source)
    except schema.SourceUnreadable as error:
        return [_unreadable(error)]
    found = list(_foreign_in_blocks(mail, Names(known_fields or (), year)))
    found = found or list(blocks_mail.problems_of(mail, known_fields))
    if found:
        return found[:MOST_PROBLEMS]
    try:
        html = to_html(Format.BLOCKS, source, brand)
    except SourceInvalid as refused:
        return refused.problems
    return [Problem(1, 1, each.msgid, each.hint_msgid, each.values) for each in syntax.check(html, kind="html")]


def _foreign_in_blocks(mail: Mail, names: Names) -> Iterator[Problem]:
    for text in texts.each(mail):
        for problem in foreign_problems(text.text, names, kind=text.kind):
            yield replace(problem, block=text.block_id)


def _unreadable(error: schema.SourceUnreadable) -> Problem:
    return Problem(1, 1, error.message, UNSAID, error.values)


def foreign_problems(source: str, names: Names, *, kind: str) -> list[Problem]:
    """Return where a source or line holds merge tags of other tools, which people would get to read as they are."""
    return [_foreign(source, tag) for tag in foreign_tags.find(source, names, kind=kind)[:MOST_PROBLEMS]]


def _foreign(source: str, tag: ForeignTag) -> Problem:
    line, column = source.count("\n", 0, tag.start) + 1, tag.start - source.rfind("\n", 0, tag.start)
    values = {"tag": tag.text[:80], "tool": tag.tool, "ours": tag.ours or ""}
    said = _OF_A_TOOL if tag.tool else _OF_ANOTHER_TOOL
    hint = _WITHOUT_COUNTERPART if tag.ours is None else _IS_WRITTEN if tag.ours else _TAKES_NO_PLACE
    return Problem(line, column, said, hint, values)


def _problem(error: MjmlInvalid) -> Problem:
    return Problem(error.line, error.column, error.msgid, UNSAID, error.values)
