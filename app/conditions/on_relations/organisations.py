"""The condition on the organisations somebody is at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement

from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext, ConditionInvalid
from app.conditions.description import Description
from app.conditions.inputs import Control, FilledIn, Input, Option, whole, word_of
from app.conditions.limits import Text, TimesOrNone
from app.customers.organisations import member_queries
from app.customers.organisations.buying_centre import ROLES
from app.customers.organisations.member_queries import Wanted
from app.kernel.translatable import N_, _n

_ANY = "any"
_ROLES = (Option(_ANY, N_("any")), *(Option(name, label) for name, label in ROLES.items()))
_TEXTS = ("industry", "name_contains", "name")
_NUMBERS = ("at_least", "at_most")
_LEAST = _n("with at least %(num)s employee", "with at least %(num)s employees")
_MOST = _n("with at most %(num)s employee", "with at most %(num)s employees")


@dataclass(frozen=True)
class OrganisationInput(Input):
    """What the organisation is like; whatever is left empty is no matter."""

    @property
    def parts(self) -> tuple[str, ...]:
        return (*_TEXTS, *_NUMBERS, "role")

    def controls(self, _filled: FilledIn) -> list[Control]:
        roles = (("", _ROLES),)
        return [
            Control("industry", "text", N_("Industry"), before=N_("industry"), chars=14),
            Control("at_least", "number", N_("Employees from"), before=N_("employees from"), chars=6),
            Control("at_most", "number", N_("Employees to"), before=N_("to"), chars=6),
            Control("name_contains", "text", N_("Name contains"), before=N_("name contains"), chars=14),
            Control("name", "text", N_("Name, or below it"), before=N_("is or is below"), chars=14),
            Control("role", "choice", N_("Part in the buying centre"), N_("part"), options=roles, default=_ANY),
        ]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        said: dict[str, Any] = {name: word for name in _TEXTS if (word := filled.word(name))}
        said |= {name: whole(word) for name in _NUMBERS if (word := filled.word(name))}
        role = filled.word("role")
        return said if role in ("", _ANY) else {**said, "role": role}

    def show(self, values: Mapping[str, Any]) -> dict[str, str]:
        return {name: word_of(values[name]) for name in self.parts if values.get(name) is not None}

    def is_blank(self, _filled: FilledIn) -> bool:
        return False


@dataclass(frozen=True)
class WorksAt(Condition):
    """The customer is at an organisation like this, now; with nothing given, at any."""

    type = "works_at"
    subject = Subject("organisation", N_("Organisation"), "relations")
    questions = (
        Question("works_at", N_("is one where"), (OrganisationInput(),)),
        Question("not_at", N_("is none where"), (OrganisationInput(),), is_negated=True),
    )
    help = N_("One organisation has all of this. What is left empty does not matter.")
    shows_help = True
    example = {"industry": "Retail", "at_least": 50, "role": "decider"}

    industry: Text | None = field(default=None, kw_only=True)
    name_contains: Text | None = field(default=None, kw_only=True)
    name: Text | None = field(default=None, kw_only=True)
    at_least: TimesOrNone | None = field(default=None, kw_only=True)
    at_most: TimesOrNone | None = field(default=None, kw_only=True)
    role: Literal["user", "influencer", "buyer", "decider", "gatekeeper"] | None = field(default=None, kw_only=True)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        if self.at_least is not None and self.at_most is not None and self.at_most < self.at_least:
            raise ConditionInvalid(N_("The second number is below the first."), part="at_most")
        context.lookups.count_other()
        wanted = Wanted(self.industry, self.name_contains, self.name, self.at_least, self.at_most, self.role)
        return context.customer_id.in_(member_queries.people_query(context.workspace_id, wanted))

    def describe(self, description: Description) -> str:
        said = []
        if self.industry is not None:
            said.append(description.text(N_("in the industry %(name)s"), name=description.value(self.industry)))
        if self.at_least is not None:
            said.append(description.counted(_LEAST, self.at_least))
        if self.at_most is not None:
            said.append(description.counted(_MOST, self.at_most))
        if self.name_contains is not None:
            text = description.value(self.name_contains)
            said.append(description.text(N_("whose name contains %(text)s"), text=text))
        if self.name is not None:
            said.append(description.text(N_("that is %(name)s or below it"), name=description.value(self.name)))
        if self.role is not None:
            role = description.language.translate(ROLES[self.role])
            said.append(description.text(N_("where their part is %(role)s"), role=description.value(role)))
        if not said:
            return description.text(N_("they are at an organisation"))
        return description.text(N_("they are at an organisation %(what)s"), what=description.join(said, N_(" and ")))
