"""What owners fill in about connected shops, and what they take of what those tell."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms.validators import Length

from app.commerce.connectors.connections import LONGEST_NAME, LONGEST_SECRET, NewConnection
from app.commerce.connectors.mapping import FIELDS, LINE_FIELDS, OF_SHOPS, PROFILE, RESOURCES, Mapping
from app.commerce.connectors.readings import LONGEST_PATH
from app.commerce.words import PATH_LABELS, RESOURCE_LABELS
from app.web.edits import EditForm
from app.web.forms import Form, LineField, SelectField, SelectMultipleChecks, TextField, required

KIND_LABELS = {"shopify": "Shopify", "woocommerce": "WooCommerce", "webhook": _("Another program")}


class NewShopForm(Form):
    """A shop to connect."""

    name = LineField(_("Name of the shop"), [required, Length(max=LONGEST_NAME)])
    kind = SelectField(_("Kind"), choices=list(KIND_LABELS.items()))
    domain = LineField(
        _("Address of the shop"),
        [Length(max=253)],
        description=_("Such as shop.example.com; links of products begin with it."),
    )
    secret = LineField(
        _("Signing secret"),
        [Length(max=LONGEST_SECRET)],
        description=_("Shopify shows it below its webhooks. Leave it empty for others: one is made for you."),
    )

    def new(self) -> NewConnection:
        """Return what was filled in."""
        return NewConnection(self.kind.data, self.name.data or "", self.secret.data or "", self.domain.data or "")


class SecretForm(Form):
    """Another signing secret. Never filled in from what is stored."""

    secret = LineField(_("Signing secret"), [Length(max=LONGEST_SECRET)])


class MappingForm(EditForm):
    """What is taken of a shop, and where it goes. Paths are fields of their own, made by `mapping_form`."""

    takes = SelectMultipleChecks(
        _("Take"), choices=[(name, _(RESOURCE_LABELS[name])) for name in RESOURCES], validate_choice=True
    )
    domain = LineField(_("Address of the shop"), [Length(max=253)])
    order_prefix = LineField(
        _("Prefix of order numbers"),
        [Length(max=40)],
        description=_("For shops that count their orders alike, such as B-."),
    )
    custom = TextField(
        _("Custom fields"), [Length(max=8000)], description=_("One a line: the key, an equals sign, the path.")
    )
    consent_topic = SelectField(_("What the shop's question is about"), choices=[])
    consent_wording = TextField(
        _("The exact words next to the shop's consent box"),
        [Length(max=10_000)],
        description=_("Kept as proof of each yes. Without them, or without a time and a method from the shop, nobody "
        "becomes mailable; an unsubscription in the shop always counts."),
    )

    def paths(self, prefix: str) -> dict[str, str]:
        """Return the paths filled in whose fields begin with this prefix, by what follows it."""
        given = {field.name.removeprefix(prefix): field.data or "" for field in self if field.name.startswith(prefix)}
        return {name: path for name, path in given.items() if path}

    def mapping(self, before: Mapping, *, staff_id: int) -> dict[str, Any]:
        """Return what was filled in, as it is kept; whoever changed what is stated about consent has stated it."""
        stated = {"topic": self.consent_topic.data or "", "wording": self.consent_wording.data or ""}
        kept = {"topic": before.consent.topic, "wording": before.consent.wording}
        by = before.consent.stated_by if stated == kept else staff_id
        own = {name: self[name].data or "" for name in GENERIC if name in self}
        return {
            "takes": self.takes.data or [],
            "domain": self.domain.data or "",
            "order_prefix": self.order_prefix.data or "",
            "profile": self.paths("profile__"),
            "custom": dict(_pair(line) for line in (self.custom.data or "").splitlines() if line.strip()),
            "consent": {**stated, "stated_by": by if any(stated.values()) else None},
            "topics": {name: self[f"topics__{name}"].data or "" for name in RESOURCES if f"topics__{name}" in self},
            "paths": {name: found for name in RESOURCES if (found := self.paths(f"paths__{name}__"))},
            "line_paths": self.paths("line_paths__"),
            **own,
        }


GENERIC = ("topic_path", "consent_path", "consent_at_path", "consent_method_path")


def mapping_form(kind: str, mapping: Mapping, topics: list[tuple[str, str]], **given: Any) -> MappingForm:
    """Return the form of one connection: as posted, else (or with `formdata=None`) filled with what is on record."""
    members: dict[str, Any] = {f"profile__{name}": _path(_(PATH_LABELS[name])) for name in PROFILE}
    known: dict[str, Any] = {f"profile__{name}": mapping.profile.get(name, "") for name in PROFILE}
    if kind == "webhook":
        members |= {name: _path(_(PATH_LABELS[name])) for name in GENERIC}
        known |= {name: getattr(mapping, name) for name in GENERIC}
        for resource in RESOURCES:
            members[f"topics__{resource}"] = LineField(_("Topics"), [Length(max=500)])
            known[f"topics__{resource}"] = mapping.topics.get(resource, "")
            for name in FIELDS[resource][0]:
                members[f"paths__{resource}__{name}"] = _path(_(PATH_LABELS[name]))
                known[f"paths__{resource}__{name}"] = mapping.paths.get(resource, {}).get(name, "")
        members |= {f"line_paths__{name}": _path(_(PATH_LABELS[name])) for name in LINE_FIELDS}
        known |= {f"line_paths__{name}": mapping.line_paths.get(name, "") for name in LINE_FIELDS}
    known |= {
        "takes": list(mapping.takes),
        "domain": mapping.domain,
        "order_prefix": mapping.order_prefix,
        "custom": "\n".join(f"{key} = {path}" for key, path in mapping.custom.items()),
        "consent_topic": mapping.consent.topic,
        "consent_wording": mapping.consent.wording,
    }
    form: MappingForm = type("OneMappingForm", (MappingForm,), members)(data=known, **given)
    if kind != "webhook":
        form.takes.choices = [(name, _(RESOURCE_LABELS[name])) for name in OF_SHOPS]
    form.consent_topic.choices = [("", _("None: nobody becomes mailable")), *topics]
    return form


def _path(label: Any) -> LineField:
    return LineField(label, [Length(max=LONGEST_PATH)])


def _pair(line: str) -> tuple[str, str]:
    key, _equals, path = line.partition("=")
    return key.strip(), path.strip()
