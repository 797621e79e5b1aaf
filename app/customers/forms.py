"""What staff may write about customers and files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField
from wtforms.validators import AnyOf, Length

from app.customers.field_kinds import forms as field_controls
from app.customers.field_kinds.forms import Names
from app.customers.field_kinds.known import KINDS
from app.customers.imports.parsing import encodings, reading
from app.customers.models import Customer, CustomField
from app.customers.profiles import codes, fields, identity, sensitive
from app.customers.timeline import contacts
from app.customers.words import LABELS
from app.kernel.refusals import Refusal
from app.web.choices import PickerField, with_given
from app.web.edits import EditForm
from app.web.forms import (
    Form,
    LineField,
    RadioField,
    SelectField,
    SelectMultipleChecks,
    TextField,
    WholeNumberField,
    required,
)


class CustomerForm(EditForm):
    """A person's address and tags; profile and custom fields are added by `customer_form`."""

    email = LineField(_("Email"))
    tags = LineField(_("Tags"), description=_("Comma-separated."))

    def rebase(self, current: EditForm) -> set[str]:
        """Tags add up: what the author added or took away is done to the tags there are now."""
        shown, said = _tags(self.shown().get("tags", "")), _tags(self.tags.data)
        super().rebase(current)
        there = [tag for tag in _tags(current["tags"].data) if tag in said or tag not in shown]
        self.tags.data = ", ".join([*there, *(tag for tag in said if tag not in there and tag not in shown)])
        return self.differing(current)


class LabelForm(Form):
    """What an address is called."""

    label = LineField(_("Label"))


class AddressForm(LabelForm):
    """Another way to reach a customer."""

    kind = SelectField(
        _("Type"), choices=[("email", _("Email")), ("phone", _("Phone")), ("postal", _("Postal address"))]
    )
    value = TextField(_("Address or number"), [required])

    def refuse(self, refusal: Refusal) -> None:
        """Show what is wrong with an email, a number or a postal address where it was written."""
        refusal.field = "value" if refusal.field in ("email", "phone", "postal") else refusal.field
        super().refuse(refusal)


class NewCustomerForm(Form):
    """Somebody one person of the staff knows."""

    email = LineField(_("Email"), [required])
    first_name = LineField(_("First name"))
    last_name = LineField(_("Last name"))


class ContactForm(Form):
    """A contact outside the mail; who began it is told by the button that was pressed."""

    how = RadioField(
        _("Type"), choices=[(name, _(kind.label)) for name, kind in contacts.KINDS.items()], default="call"
    )
    words = TextField(_("What was said or learned"), [Length(max=contacts.LONGEST)])
    score = SelectField(
        _("How satisfied (1 to 5)"),
        choices=[("", "–"), *((str(score), str(score)) for score in contacts.SCORES)],
        default="",
        description=_("Only for satisfaction."),
    )
    direction = HiddenField()


class CardForm(Form):
    """The fields on the customer card."""

    fields = SelectMultipleChecks(_("Fields on the card"), description=_("One to sixteen."))

    def offer(self, known: Mapping[str, tuple[str, bool]]) -> None:
        """Fill in what there is."""
        self.fields.choices = [(name, label if is_own else gettext(label)) for name, (label, is_own) in known.items()]


class FieldNameForm(Form):
    """What a field is called, and what can be chosen."""

    label = LineField(_("Label"), [required])
    choices = TextField(
        _("Choices"), description=_("One a line; only for “One of several” and “Multiple choice”.")
    )
    sensitivity = SelectField(
        _("Sensitive data"),
        choices=[("", _("No")), *((name, _(label)) for name, label in sensitive.SENSITIVITIES.items())],
        default="",
        description=_(
            "The law protects it specially: segments, scores and exports leave it alone until an owner states the "
            "legal basis."
        ),
    )


class FieldForm(FieldNameForm):
    """A field of the workspace's own."""

    key = LineField(_("Key"), [required], description=_("Small letters, digits and _; used in templates and files."))
    kind = SelectField(_("Type"), choices=[(name, _(kind.label)) for name, kind in KINDS.items()])
    refers_to = SelectField(_("Refers to"), description=_("Only for references."), default="")

    def offer(self, targets: Iterable[tuple[str, str]]) -> None:
        """Fill in what a field can refer to."""
        self.refers_to.choices = [("", "–"), *((name, gettext(label)) for name, label in targets)]


class LifeCycleForm(Form):
    """By which days the stages of the life cycle are told apart."""

    lead_days = WholeNumberField(
        _("Lead: days since an enquiry or response"), [required], description=_("Later it is a lapsed inquirer.")
    )
    active_days = WholeNumberField(
        _("Active: days since the latest purchase"), [required], description=_("Later somebody is at risk.")
    )
    inactive_days = WholeNumberField(_("Inactive: days since the latest purchase"), [required])
    enquiries = TextField(
        _("Events that are enquiries"),
        description=_("Names of reported events, one a line. Calls, visits, letters and support always are."),
    )


class QualityRulesForm(Form):
    """From when on values are old and addresses silent."""

    stale_months = WholeNumberField(
        _("Values are old after months"),
        [required],
        description=_("Observed longer ago and not told again since. They stay; lists help to ask again."),
    )
    silent_months = WholeNumberField(
        _("Addresses are silent after months"),
        [required],
        description=_("Mailed three times or more, without any open, click or reply by a person for so long."),
    )


class GroundForm(Form):
    """Why a sensitive field may be used."""

    ground = TextField(
        _("Legal basis"),
        [required, Length(max=sensitive.LONGEST_GROUND)],
        description=_("Such as: explicit consent by the form “Allergies”, § 2. It is kept in the audit log."),
    )


class UploadForm(Form):
    """A file, what it holds, and where it comes from."""

    file = FileField(
        _("File"), [required], description=_("CSV, Excel or JSON Lines, also as zip or gzip; up to 512 MB.")
    )
    kind = RadioField(_("What does it hold?"))
    source = RadioField(
        _("Where does it come from?"),
        choices=[("own", _("Our own shop, books or forms")), ("external", _("Somebody else"))],
        default="own",
    )
    source_note = LineField(_("Source in a few words"), description=_("Such as: till system, trade fair in May."))
    source_id = SelectField(
        _("Source"),
        default="",
        description=_("One of your catalogue says the rest: what it is like, and how long it may be used."),
    )

    def offer(self, kinds: Sequence[tuple[str, str]], sources: Sequence[tuple[int, str]] = ()) -> None:
        """Fill in what a file may hold and where it may come from; the first kind is chosen unless another is."""
        self.source_id.choices = [("", "–"), *((str(source_id), name) for source_id, name in sources)]
        self.kind.choices = [(name, gettext(label)) for name, label in kinds]
        self.kind.data = self.kind.data or kinds[0][0]


class ExportForm(Form):
    """What leaves as a file, and what for."""

    what = SelectField(_("What to export"))
    format = RadioField(
        _("File format"),
        choices=[("csv", _("CSV")), ("xlsx", _("Excel workbook")), ("jsonl", _("JSON Lines"))],
        default="csv",
    )
    purpose = LineField(
        _("What is it for?"),
        [required, Length(max=200)],
        description=_("It is kept in the audit log, with how many people left in the file."),
    )

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Fill in what there is; the first is chosen unless something else is."""
        self.what.choices = list(choices)


class ReadingForm(Form):
    """How the file is written."""

    encoding = SelectField(_("Encoding"), choices=[(name, _(label)) for name, label in encodings.ENCODINGS.items()])
    delimiter = SelectField(
        _("Separator"),
        choices=[(",", _("Comma ,")), (";", _("Semicolon ;")), ("\t", _("Tab")), ("|", _("Vertical bar |"))],
        validators=[AnyOf(list(reading.DELIMITERS))],
    )


class SheetForm(Form):
    """Which sheet of a workbook is read."""

    sheet = SelectField(_("Sheet"))

    def offer(self, names: Sequence[str]) -> None:
        """Fill in the sheets there are."""
        self.sheet.choices = [(name, name) for name in names]


class FileMappingForm(Form):
    """How the rows of any file are meant; `option_names` are the questions of one kind of file."""

    option_names: ClassVar[tuple[str, ...]] = ()

    decimal = SelectField(_("Numbers are written"), choices=[(".", "1,234.50"), (",", "1.234,50")])


class DatedMappingForm(FileMappingForm):
    """How the rows of a file with dates are meant."""

    date_order = SelectField(
        _("Dates are written"),
        choices=[
            ("ymd", _("Year first, 2026-03-31")),
            ("dmy", _("Day first, 31.03.2026")),
            ("mdy", _("Month first, 03/31/2026")),
        ],
    )


class DeclaredMappingForm(DatedMappingForm):
    """How the rows of a file of a declared kind are meant."""

    def ask(self, *, dates: bool, numbers: bool) -> None:
        """Leave out what such a file does not hold."""
        for name, is_held in (("date_order", dates), ("decimal", numbers)):
            if not is_held:
                del self[name]


class MappingForm(DatedMappingForm):
    """How the rows of a file about people are meant."""

    match_by = SelectField(_("Find people by"), choices=[("email", _("Email")), ("external_ref", _("Customer number"))])


def conflict_field() -> SelectField:
    """Return the question what becomes of values that are known already."""
    return SelectField(
        _("Where something is known already"),
        choices=[
            ("overwrite", _("The file's value takes its place")),
            ("fill", _("It stays; the file fills what is empty")),
        ],
        default="overwrite",
        description=_("Tags and attributes are added either way."),
    )


class FillingMappingForm(DeclaredMappingForm):
    """How the rows of a file are meant whose things may be known already."""

    option_names = ("conflict",)

    conflict = conflict_field()


class PeopleMappingForm(MappingForm):
    """How the rows of a file of people are meant."""

    # A file may name people by both.
    match_by = SelectField(
        _("Find people by"),
        choices=[
            ("email", _("Email")),
            ("external_ref", _("Customer number")),
            ("either", _("Customer number, else email")),
        ],
    )
    option_names = ("repeats", "conflict", "topic", "consent_method", "consent_wording", "clears_empty")

    topic = SelectField(_("Topic they said yes to"), description=_("For rows that name none."))
    consent_method = LineField(
        _("How they agreed"),
        [Length(max=200)],
        description=_("For rows that tell when somebody agreed and not how, such as: sign-up form, double opt-in."),
    )
    consent_wording = TextField(
        _("The words they agreed to"),
        [Length(max=5_000)],
        description=_("As they stood on the form. It is kept as proof that you state this for the whole file."),
    )
    repeats = SelectField(
        _("Several rows of one person"),
        choices=[
            ("merge", _("Merge them; later values win")),
            ("last", _("The last row alone counts")),
            ("first", _("The first row alone counts")),
        ],
        description=_("What they say about consent always counts."),
    )
    conflict = conflict_field()
    clears_empty = BooleanField(_("Empty cells clear what is known"))

    def offer(self, topics: Iterable[tuple[str, str]]) -> None:
        """Fill in what people can have said yes to."""
        self.topic.choices = [("", _("None")), *topics]


def customer_form(
    customer: Customer, custom: list[CustomField], names: Names | None = None, **given: Any
) -> CustomerForm:
    """Return the form of one customer: as posted, else (or with `formdata=None`) filled with what is known.

    `names` are those of what reference fields point to.
    """
    kept = customer.custom
    members: dict[str, Any] = {
        name: PickerField(_(LABELS[name]), kind=name) if name in codes.FIND else LineField(_(LABELS[name]))
        for name in fields.PROFILE
    }
    members |= {name: _identity_control(name, _shown(getattr(customer, name))) for name in identity.IDENTITY}
    members |= {
        f"custom_{field.key}": field_controls.control(field, kept.get(field.key), names=names) for field in custom
    }
    form_class = type("OneCustomerForm", (CustomerForm,), members)
    known = {name: getattr(customer, name) for name in ("email", *fields.PROFILE)}
    known |= {name: _shown(getattr(customer, name)) for name in identity.IDENTITY}
    own = {f"custom_{field.key}": field_controls.said(field, kept.get(field.key), names=names) for field in custom}
    form: CustomerForm = form_class(data={**known, **own, "tags": ", ".join(customer.tags)}, **given)
    return form


def values_of(form: CustomerForm, custom: list[CustomField], written: set[str]) -> dict[str, Any]:
    """Return what the form says in these of its fields, by the names people.change knows.

    What nobody touched is not judged again: a value kept before its field changed may stay.
    """
    built_in = (*fields.PROFILE, *identity.IDENTITY)
    said = {name: form[name].data or None for name in built_in if name in written}
    own = {
        field.key: field_controls.value_of(form[name])
        for field in custom
        if (name := f"custom_{field.key}") in written
    }
    return {**said, **own, **({"tags": _tags(form.tags.data)} if "tags" in written else {})}


def _tags(typed: Any) -> list[str]:
    return [clean for tag in str(typed or "").split(",") if (clean := " ".join(tag.split()))]


def _identity_control(name: str, current: str) -> Any:
    if name in identity.CHOICES:
        offered = [(value, _(label)) for value, label in identity.CHOICES[name].items()]
        return SelectField(_(LABELS[name]), choices=[("", "–"), *with_given(offered, [current])])
    given = {"type": "date"} if name in identity.DATES else None
    return LineField(_(LABELS[name]), render_kw=given)


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
