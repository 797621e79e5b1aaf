"""What a connection takes of what its shop tells, and where it goes: kept as JSON, checked when it is set."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.commerce.connectors import readings
from app.commerce.connectors.readings import Reading
from app.kernel.translatable import N_

KINDS = ("shopify", "woocommerce", "webhook")
Resource = Literal["customers", "orders", "refunds", "carts", "products", "events"]
RESOURCES: tuple[Resource, ...] = ("customers", "orders", "refunds", "carts", "products", "events")
# What shops of the known kinds tell; events of any name come from other programs alone.
OF_SHOPS: tuple[Resource, ...] = ("customers", "orders", "refunds", "carts", "products")
# What a generic webhook can say of each thing. Those in the second tuple must be there.
FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "customers": (("external_id", "email", "updated_at", "phone"), ("email",)),
    "orders": (
        ("external_id", "order_ref", "updated_at", "purchased_at", "amount", "currency", "discount", "channel",
         "payment_method", "cancelled_at", "customer_id", "email", "cart_ref", "lines"),
        ("order_ref", "amount", "email"),
    ),
    "refunds": (("external_id", "order_id", "amount", "refunded_at", "reason"), ("external_id", "order_id", "amount")),
    "carts": (
        ("external_id", "updated_at", "created_at", "amount", "currency", "customer_id", "email", "url", "ordered",
         "lines"),
        ("external_id", "amount", "email"),
    ),
    "products": (
        ("ref", "name", "category", "price", "currency", "url", "image_url", "stock", "life_days", "updated_at"),
        ("ref",),
    ),
    "events": (("external_id", "event", "happened_at", "customer_id", "email", "data"), ("event", "email")),
}  # fmt: skip
LINE_FIELDS = ("product_ref", "name", "category", "quantity", "amount")
PROFILE = ("first_name", "last_name", "language", "country", "city", "tags")
# Where the shops have what a profile holds, unless a workspace says otherwise.
USUAL_PROFILE: dict[str, dict[str, str]] = {
    "shopify": {
        "first_name": "first_name", "last_name": "last_name", "country": "default_address.country_code",
        "city": "default_address.city", "tags": "tags",
    },
    "woocommerce": {
        "first_name": "first_name|billing.first_name", "last_name": "last_name|billing.last_name",
        "country": "billing.country", "city": "billing.city",
    },
    "webhook": {},
}  # fmt: skip


def _path(text: str) -> str:
    if text and not readings.is_path(text):
        raise ValueError(N_("This is not a path, such as data.customer.email."))
    return text


Path = Annotated[str, Field(max_length=readings.LONGEST_PATH), AfterValidator(_path)]
Words = Annotated[str, Field(max_length=10_000)]


class Consent(BaseModel):
    """What the workspace states about the question its shop asks people; without the words nobody becomes mailable."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: Annotated[str, Field(max_length=200)] = ""
    wording: Words = ""
    stated_by: int | None = None


class Mapping(BaseModel):
    """What is taken of which resource. `paths` are those of a generic webhook, by resource and field."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    takes: tuple[Resource, ...] = OF_SHOPS
    domain: Annotated[str, Field(max_length=253)] = ""
    order_prefix: Annotated[str, Field(max_length=40)] = ""
    profile: dict[str, Path] = Field(default_factory=dict)
    custom: Annotated[dict[str, Path], Field(max_length=30)] = Field(default_factory=dict)
    consent: Consent = Consent()
    topic_path: Path = ""
    topics: dict[str, Annotated[str, Field(max_length=500)]] = Field(default_factory=dict)
    paths: dict[str, dict[str, Path]] = Field(default_factory=dict)
    line_paths: dict[str, Path] = Field(default_factory=dict)
    consent_path: Path = ""
    consent_at_path: Path = ""
    consent_method_path: Path = ""


def usual(kind: str) -> Mapping:
    """Return what a new connection of this kind takes."""
    return Mapping(takes=OF_SHOPS if kind != "webhook" else (), profile=USUAL_PROFILE[kind])


def read(kept: dict[str, Any]) -> Mapping:
    """Return the mapping as it was kept."""
    return Mapping.model_validate(kept)


def profile_values(mapping: Mapping, given: Reading) -> dict[str, Any]:
    """Return what a person's part of a payload says for the profile and the workspace's own fields; what is empty is
    left out.
    """
    paths = {**{name: path for name, path in mapping.profile.items() if name != "tags"}, **mapping.custom}
    values: dict[str, Any] = {name: text for name, path in paths.items() if (text := given.text(path))}
    tags = given.texts(mapping.profile.get("tags", ""))
    return {**values, "tags": tags} if tags else values
