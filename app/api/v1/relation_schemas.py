"""Request and response schemas of organisations, households and related people."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from app.api.v1.schemas import Line, Sent, ShortLine, Whom
from app.kernel.sql.json_values import storable
from app.kernel.translatable import N_

MOST_MEMBERS = 50

Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2200, 12, 31), strict=False)]
Direction = Literal[
    "partner",
    "parent",
    "child",
    "sibling",
    "relative",
    "friend",
    "colleague",
    "manager",
    "report",
    "referred_by",
    "referred",
]
BuyingRole = Literal["user", "influencer", "buyer", "decider", "gatekeeper"]


class OrganisationIn(Sent):
    """An organisation as your books have it. What is left out stays as it is; null clears it."""

    external_ref: ShortLine = Field(description=N_("Your number of the organisation."))
    name: ShortLine | None = Field(None, description=N_("Needed where the organisation is new."))
    parent_ref: ShortLine | None = Field(None, description=N_("Your number of the organisation above it."))
    industry: Annotated[Line, Field(max_length=100)] | None = None
    employees: Annotated[int, Field(ge=0, le=10**8)] | None = None
    website: Annotated[Line, Field(max_length=500)] | None = None
    domains: Annotated[list[Annotated[Line, Field(max_length=253)]], Field(max_length=20)] | None = Field(
        None, description=N_("Domains of its email addresses.")
    )
    address: Annotated[str, Field(max_length=500), AfterValidator(storable)] | None = None
    city: Annotated[Line, Field(max_length=200)] | None = None
    country: Line | None = Field(None, description=N_("Its code or name, such as DE or Germany; kept as the code."))


class OrganisationRef(Sent):
    """Which organisation is meant."""

    external_ref: ShortLine


class OrganisationMemberIn(Sent):
    """Somebody's place in an organisation. What is left out stays as it is."""

    organisation_ref: ShortLine = Field(description=N_("Your number of the organisation."))
    customer: Whom
    position: Annotated[Line, Field(max_length=200)] | None = None
    buying_roles: Annotated[list[BuyingRole], Field(max_length=5)] | None = Field(
        None, description=N_("Their parts in the buying centre.")
    )
    is_primary: bool | None = Field(None, description=N_("The first organisation of somebody is their primary one."))
    since: Day | None = None
    until: Day | None = Field(None, description=N_("The day they left; null while they are there."))


class RelationIn(Sent):
    """What somebody is to a customer. Told twice it is one relation."""

    customer: Whom
    related: Whom
    kind: Direction = Field(description=N_("What `related` is to `customer`."))
    is_ended: bool = Field(False, description=N_("Say that this is no longer so, or never was."))


class HouseholdIn(Sent):
    """People who live and buy together: they come into the household of the first who has one, or into a new one."""

    members: Annotated[list[Whom], Field(min_length=1, max_length=MOST_MEMBERS)]
    name: ShortLine | None = None


class RelationOut(BaseModel):
    """A relation as it is on record, or is no longer."""

    customer_id: int
    related_id: int
    kind: str
    is_ended: bool


class HouseholdOut(BaseModel):
    """A household that is on record."""

    id: int
    name: str
    customer_ids: list[int]


class OrganisationOut(BaseModel):
    """An organisation that is on record."""

    id: int
    external_ref: str | None
    name: str
    parent_id: int | None
    industry: str | None
    employees: int | None
    website: str | None
    domains: list[str]
    address: str | None
    city: str | None
    country: str | None
    created_at: datetime
    updated_at: datetime


class OrganisationMemberOut(BaseModel):
    """Somebody's place in an organisation, as it is on record."""

    organisation_id: int
    customer_id: int
    position: str | None
    buying_roles: list[str]
    is_primary: bool
    since: date | None
    until: date | None
