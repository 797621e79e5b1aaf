"""The forms of campaigns: what an author writes, and when it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, TextAreaField
from wtforms.fields.core import Field
from wtforms.validators import InputRequired, NumberRange

from app.campaigns.drafts import LONGEST_NAME, LONGEST_SUBJECT, ContentDraft, Draft
from app.campaigns.launch import timing
from app.campaigns.models import HIGHEST_HOLDOUT, CampaignVariant
from app.campaigns.variants import Split, VariantDraft
from app.kernel.refusals import Refusal
from app.rendering.sources.formats import Format
from app.web.edits import EditForm
from app.web.forms import Form, LineField, RadioField, SelectField, WholeNumberField, required

EVERYBODY = "everybody"
NOW, LATER = "now", "later"
LANGUAGES = (
    ("en", "English"),
    ("zh", "中文"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("ar", "العربية"),
)


def _before_it_leaves(form: Form, field: LineField) -> None:
    """Mark a field that may stay empty for now: the checks ask for it, saving does not."""


_before_it_leaves.field_flags = {"required": True}  # type: ignore[attr-defined]


class NewForm(Form):
    """A new campaign: what it is called here, and what it is about."""

    name = LineField(_("Name"), [required], render_kw={"maxlength": LONGEST_NAME, "autofocus": True})
    topic = SelectField(_("Topic"), [InputRequired()])
    # A design of the library, or nothing: then it is written in a source.
    design = HiddenField()


_SOURCES = (Format.MARKDOWN, Format.MJML, Format.HTML)


class ContentForm(Form):
    """What one content says; it is told apart from what others wrote meanwhile by its own revision."""

    content_revision = HiddenField()
    format = RadioField(
        _("Format"),
        choices=[(Format.MARKDOWN, _("Markdown, in our layout")), (Format.MJML, "MJML"), (Format.HTML, "HTML")],
    )
    subject = LineField(_("Subject"), [_before_it_leaves], render_kw={"maxlength": LONGEST_SUBJECT})
    preheader = LineField(_("Preview text"), render_kw={"maxlength": LONGEST_SUBJECT})
    source = TextAreaField(_("Content"))

    def show(self, draft: ContentDraft) -> None:
        """Put a content's values into the fields."""
        for name, value in vars(draft).items():
            self[name].data = value

    def draft(self, kept: ContentDraft) -> ContentDraft:
        """Return what was written; a format that there is not stays as it is kept, and so does what is designed."""
        is_designed = kept.format == Format.BLOCKS
        return ContentDraft(
            format=self.format.data if self.format.data in _SOURCES and not is_designed else kept.format,
            subject=self.subject.data or "",
            preheader=self.preheader.data or "",
            source=kept.source if is_designed else self.source.data or "",
        )


class SettingsForm(EditForm):
    """Everything on the compose page but the content; saved with it while it is written."""

    name = LineField(_("Name"), [required], render_kw={"maxlength": LONGEST_NAME})
    topic = SelectField(_("Topic"))
    audience = SelectField(_("Recipients"))
    sender = SelectField(_("Sender"))
    language = SelectField(_("Language of the mail"), choices=LANGUAGES)
    when = RadioField(_("When"), choices=[(NOW, _("Send now")), (LATER, _("Schedule"))], default=NOW)
    at = LineField(_("Date and time"))

    def offer(
        self,
        topics: Sequence[tuple[int, str]],
        segments: Sequence[tuple[int, str]],
        senders: Sequence[tuple[int, str]],
    ) -> None:
        """Fill in what can be chosen."""
        self.topic.choices = [("", _("Choose a topic")), *((str(number), name) for number, name in topics)]
        named = [(str(number), name) for number, name in segments]
        self.audience.choices = [
            ("", _("Choose recipients")),
            (EVERYBODY, _("Everybody subscribed to the topic")),
            *named,
        ]
        self.sender.choices = [(str(number), name) for number, name in senders]

    def offer_languages(self, languages: Sequence[str]) -> None:
        """Let the default be one of the languages there are, where there are several; keep one that is not listed."""
        names = dict(LANGUAGES)
        if len(languages) > 1:
            self.language.choices = [(code, names.get(code, code)) for code in languages]
        elif languages[0] not in names:
            self.language.choices = [*LANGUAGES, (languages[0], languages[0])]

    def fill(self, draft: Draft, *, time_zone: str) -> None:
        """Put a draft's values into the fields."""
        self.name.data, self.language.data = draft.name, draft.language
        self.topic.data = str(draft.topic_id or "")
        self.audience.data = EVERYBODY if draft.is_for_everyone else str(draft.segment_id or "")
        self.sender.data = str(draft.identity_id or "")
        if draft.identity_id is None:
            self.sender.choices = [("", _("Choose a sender")), *self.sender.choices]
        self.when.data = LATER if draft.send_later else NOW
        self.at.data = local_time(draft.scheduled_at, time_zone)

    def draft(self, kept: Draft, *, time_zone: str) -> Draft:
        """Return what was written; what cannot be read stays as it is kept, and is marked."""
        chosen, topic, sender = _chosen(self.audience), _chosen(self.topic), _chosen(self.sender)
        return Draft(
            name=self.name.data or "",
            segment_id=int(chosen) if chosen not in ("", EVERYBODY) else None,
            is_for_everyone=chosen == EVERYBODY,
            topic_id=int(topic) if topic else None,
            identity_id=int(sender) if sender else kept.identity_id,
            language=_chosen(self.language) or kept.language,
            holdout_percent=kept.holdout_percent,
            send_later=self.when.data == LATER if self.when.raw_data else kept.send_later,
            scheduled_at=self._moment(kept, time_zone),
        )

    def _moment(self, kept: Draft, time_zone: str) -> datetime | None:
        if not self.at.raw_data:
            return kept.scheduled_at
        try:
            return timing.at_local_time(self.at.data, time_zone) if self.at.data else None
        except Refusal as refusal:
            self.refuse(refusal)
            return kept.scheduled_at


class VersionsForm(EditForm):
    """Names and shares of the variants (fields added by `versions_form`), the holdout, and a language to add."""

    variant_ids: tuple[int, ...] = ()
    holdout = WholeNumberField(_("Share of recipients who get nothing, in percent"), [NumberRange(0, HIGHEST_HOLDOUT)])
    add_language = SelectField(_("Language"), validate_choice=False)

    def offer(self, known: Sequence[str]) -> None:
        """Fill in the languages that can be added."""
        self.add_language.choices = [
            ("", _("Choose a language")),
            *((code, name) for code, name in LANGUAGES if code not in known),
        ]

    def fill(self, variants: Sequence[CampaignVariant], holdout_percent: int) -> None:
        """Put what is on record into the fields."""
        self.holdout.data = holdout_percent
        for variant in variants:
            self.name_of(variant.id).data, self.weight_of(variant.id).data = variant.name, variant.weight

    def split(self) -> Split:
        """Return what was written."""
        drafts = [
            VariantDraft(number, self.name_of(number).data or "", self.weight_of(number).data)
            for number in self.variant_ids
        ]
        return Split(tuple(drafts), self.holdout.data)

    def name_of(self, variant_id: int) -> Field:
        return self[f"name_{variant_id}"]

    def weight_of(self, variant_id: int) -> Field:
        return self[f"weight_{variant_id}"]


def versions_form(variants: Sequence[CampaignVariant], **given: None) -> VersionsForm:
    """Return the form with a name and a share for each of these variants."""
    fields: dict[str, Any] = {"variant_ids": tuple(each.id for each in variants)}
    for each in variants:
        fields[f"name_{each.id}"] = LineField(
            _("Name of variant %(key)s", key=each.key), render_kw={"maxlength": LONGEST_NAME}
        )
        fields[f"weight_{each.id}"] = WholeNumberField(
            _("Share of variant %(key)s, in percent", key=each.key), [NumberRange(0, 100)]
        )
    made: VersionsForm = type("VersionsForm", (VersionsForm,), fields)(**given)
    return made


class RescheduleForm(Form):
    """Another time for a campaign that is planned or held."""

    at = LineField(_("Date and time"), [required])


def local_time(at: datetime | None, time_zone: str) -> str:
    """Write a moment as a browser's date and time input wants it."""
    return at.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%dT%H:%M") if at else ""


def _chosen(field: SelectField) -> str:
    """Return what was chosen, or nothing where it is not on the list (any more): the checks then ask for it."""
    offered = {str(value) for value, *_label in field.choices or ()}
    return field.data if field.data in offered else ""
