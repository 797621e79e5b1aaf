"""Request and response schemas; they are closed, so that an unknown field is an error."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from app.kernel.sql.json_values import Key, Number, storable
from app.kernel.translatable import N_

MOST_TAGS = 50
MOST_CUSTOM = 100
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
# The categories Cc, Cs, Zl and Zp of Unicode.
_BREAKS = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")


def _one_line(text: str) -> str:
    """Refuse control characters, line breaks and halves of surrogate pairs."""
    if _BREAKS.search(text):
        raise ValueError("must be one line without control characters")
    return text


def _plausible(at: datetime) -> datetime:
    if not EARLIEST <= at <= LATEST:
        raise ValueError("lies outside 1970 to 2199")
    return at


Line = Annotated[str, Field(max_length=1000), AfterValidator(_one_line)]
ShortLine = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
Email = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_one_line)]
Prose = Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(storable)]
Moment = Annotated[AwareDatetime, AfterValidator(_plausible)]
Plain = Line | bool | Number | None
# Several choices are a list.
FieldValue = Plain | Annotated[list[Line], Field(max_length=50)]


class Sent(BaseModel):
    """What programs send: nothing unknown, nothing guessed from another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Proof(Sent):
    """When, how and to which words somebody agreed. All of it is kept, and shown to whoever asks."""

    topic: ShortLine = Field(description=N_("The short name of the topic they agreed to."))
    given_at: Moment = Field(description=N_("When they agreed."))
    method: ShortLine = Field(description=N_("How they agreed, such as `checkout box, not ticked beforehand`."))
    wording: Prose = Field(description=N_("The exact words they saw."))


class AddressIn(Sent):
    """An email, a phone number or a postal address of a customer. One that is known already is not added again."""

    kind: Literal["email", "phone", "postal"]
    value: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(storable)] = Field(
        description=N_("As people write it. A phone number without a country's code is one of the customer's country.")
    )
    label: Annotated[Line, Field(max_length=40)] | None = Field(
        None, description=N_("Such as work; null leaves it as it is.")
    )
    is_primary: bool = Field(False, description=N_("Make it the one its kind is reached by."))
    is_ended: bool = Field(False, description=N_("Stop using it; it stays in the history."))


class CustomerIn(Sent):
    """A person as the shop knows them. What is left out stays as it is; null clears it."""

    external_ref: ShortLine | None = Field(None, description=N_("Your own number for this person."))
    email: Email | None = Field(
        None, description=N_("The primary email; a new one ends the former. One they use beside it only names them.")
    )
    addresses: Annotated[list[AddressIn], Field(max_length=20)] | None = Field(
        None, description=N_("Added to the addresses there are; taken one by one, after `email`.")
    )
    first_name: Line | None = None
    last_name: Line | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")] | None = None
    country: Line | None = Field(None, description=N_("Its code or name, such as DE or Germany; kept as the code."))
    city: Line | None = None
    time_zone: Line | None = Field(None, description=N_("As the time zone database has it, such as Europe/Berlin."))
    kind: Literal["consumer", "business"] | None = Field(
        None, description=N_("Whether they buy for themselves or for somebody they work for.")
    )
    gender: Literal["female", "male", "other"] | None = None
    birth_date: Annotated[date, Field(ge=date(1900, 1, 1), strict=False)] | None = None
    occupation: ShortLine | None = None
    position: ShortLine | None = None
    preferred_channel: Literal["email", "phone", "text", "post", "visit"] | None = None
    preferred_media: ShortLine | None = None
    information_sources: ShortLine | None = Field(None, description=N_("Where they get their information."))
    tags: Annotated[list[Annotated[Line, Field(max_length=60)]], Field(max_length=MOST_TAGS)] | None = Field(
        None, description=N_("Added to the tags there are.")
    )
    custom: Annotated[dict[Key, FieldValue], Field(max_length=MOST_CUSTOM)] | None = Field(
        None,
        description=N_("Values of the fields your workspace has defined: money as `1234.50 EUR`, a date and time with "
        "its zone, several choices as a list, a reference by the number or name of what it refers to."),
    )
    source: ShortLine | None = Field(
        None, description=N_("The source in your catalogue that these values come from; without one they are your own.")
    )
    observed_at: Moment | None = Field(
        None, description=N_("When these values were seen; they replace none that was seen later. Without it, now.")
    )
    consent: Annotated[list[Proof], Field(max_length=20)] | None = Field(
        None,
        description=N_("Agreements you can prove, given from `email`, or without it from the primary email there was. "
        "They count while that is the primary one. Without them nobody becomes mailable through this API."),
    )

    @model_validator(mode="after")
    def _is_named(self) -> CustomerIn:
        if self.external_ref is None and self.email is None:
            raise ValueError("needs an email or an external_ref")
        return self


class Whom(Sent):
    """Which customer is meant: exactly one of the three."""

    id: Annotated[int, Field(ge=1, le=2**53)] | None = None
    external_ref: ShortLine | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Whom:
        if sum(value is not None for value in (self.id, self.external_ref, self.email)) != 1:
            raise ValueError("give exactly one of id, external_ref and email")
        return self


class PermissionOut(BaseModel):
    """One answer of a customer as it stands."""

    purpose: str
    topic: str | None
    allowed: bool
    state: str
    since: datetime


class ProofOut(BaseModel):
    """What came of one proof of consent."""

    topic: str
    recorded: bool
    reasons: list[str]


class AddressOut(BaseModel):
    """An address of a customer, in use as long as `ended_at` is null."""

    id: int
    kind: str
    value: str
    label: str
    is_primary: bool
    verified_at: datetime | None
    created_at: datetime
    ended_at: datetime | None


class CustomerOut(BaseModel):
    """A customer with what they allow."""

    id: int
    external_ref: str | None
    email: str | None
    addresses: list[AddressOut] = Field(description=N_("Those in use, then the 20 that ended last."))
    has_more_addresses: bool = Field(description=N_("Whether more addresses have ended than are listed."))
    first_name: str | None
    last_name: str | None
    language: str | None
    country: str | None
    city: str | None
    time_zone: str | None
    kind: str | None
    gender: str | None
    birth_date: date | None
    occupation: str | None
    position: str | None
    preferred_channel: str | None
    preferred_media: str | None
    information_sources: str | None
    tags: list[str]
    custom: dict[str, Any]
    permissions: list[PermissionOut]
    created_at: datetime
    updated_at: datetime


class CardFieldOut(BaseModel):
    """One field of the customer card; the value as it is kept."""

    name: str
    label: str
    value: Any


class CardLineOut(BaseModel):
    """One line of a section of the customer card, in English."""

    text: str
    due_on: date | None


class CardOut(BaseModel):
    """A customer's card: the fields the workspace chose, what there is to do, what is due and what they have."""

    customer_id: int
    name: str
    fields: list[CardFieldOut]
    addresses: list[AddressOut]
    organisations: list[str]
    next: list[CardLineOut] = Field(description=N_("The best next steps, the first one first."))
    tasks: list[CardLineOut]
    due: list[CardLineOut]
    has: list[CardLineOut]


class UpsertOut(BaseModel):
    """The customer after the change, and what came of each proof of consent."""

    customer: CustomerOut
    consent: list[ProofOut]


class FieldProblem(BaseModel):
    """One thing that is wrong, and where (RFC 6901)."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: Literal["about:blank"] = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = Field(default_factory=list)
