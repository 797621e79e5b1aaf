"""What staff fill in about images and the look of mails."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField
from wtforms.validators import InputRequired, Length, NumberRange

from app.brands import web_page
from app.brands.images import LONGEST_ALT, LONGEST_NAME
from app.brands.kit import COLORS, FONTS, WIDEST_RADIUS, BrandKit
from app.web.edits import EditForm
from app.web.forms import MOST_DIGITS, Form, LineField, SelectField, TextField, WholeNumberField, required

_MOST_PIXELS = 100_000


class ImageForm(Form):
    """What is said of an image."""

    name = LineField(_("Name"), [required, Length(max=LONGEST_NAME)])
    alt = LineField(
        _("Alternative text"),
        [Length(max=LONGEST_ALT)],
        description=_("What the picture shows, for people who do not see it. Leave it empty if it only decorates."),
    )
    focal_x = WholeNumberField(_("Focal point, percent from the left"), [InputRequired(), NumberRange(0, 100)])
    focal_y = WholeNumberField(_("Focal point, percent from the top"), [InputRequired(), NumberRange(0, 100)])


class CropForm(Form):
    """A part of an image, in its pixels."""

    left = WholeNumberField(_("From the left"), [InputRequired(), NumberRange(0, _MOST_PIXELS)])
    top = WholeNumberField(_("From the top"), [InputRequired(), NumberRange(0, _MOST_PIXELS)])
    width = WholeNumberField(_("Width"), [InputRequired(), NumberRange(1, _MOST_PIXELS)])
    height = WholeNumberField(_("Height"), [InputRequired(), NumberRange(1, _MOST_PIXELS)])


def _color(label: Any) -> LineField:
    return LineField(label, [required, Length(max=7)])


class BrandForm(EditForm):
    """How mails look. What the values may be, `kit.save_kit` says."""

    logo_image_id = HiddenField()
    logo_alt = LineField(
        _("What the logo says"), [Length(max=LONGEST_ALT)], description=_("Such as the company's name.")
    )
    primary = _color(_("Buttons"))
    primary_text = _color(_("Words on buttons"))
    text = _color(_("Text"))
    link = _color(_("Links"))
    surface = _color(_("Behind the content"))
    background = _color(_("Around the content"))
    dark_text = _color(_("Text"))
    dark_link = _color(_("Links"))
    dark_surface = _color(_("Behind the content"))
    dark_background = _color(_("Around the content"))
    heading_font = SelectField(_("Font of headings"), choices=[(name, name) for name in FONTS])
    body_font = SelectField(_("Font of text"), choices=[(name, name) for name in FONTS])
    button_radius = WholeNumberField(
        _("Rounding of buttons, in pixels"), [InputRequired(), NumberRange(0, WIDEST_RADIUS)]
    )
    social_links = TextField(
        _("Social links"),
        [Length(max=12_000)],
        description=_("One https address a line; the network is recognised by it."),
    )
    footer_text = TextField(
        _("Footer text"),
        [Length(max=2000)],
        description=_("Below every mail, above the postal address. Unsubscribe links are added by themselves."),
    )

    def kit(self) -> BrandKit:
        """Return the kit as it is filled in."""
        lines = [line.strip() for line in (self.social_links.data or "").splitlines()]
        logo = self.logo_image_id.data or ""
        return BrandKit(
            logo_image_id=int(logo) if logo.isascii() and logo.isdigit() and len(logo) < MOST_DIGITS else None,
            logo_alt=self.logo_alt.data or "",
            **{name: self[name].data or "" for name in COLORS},
            heading_font=self.heading_font.data or "",
            body_font=self.body_font.data or "",
            button_radius=self.button_radius.data or 0,
            social=tuple((web_page.network_of(line), line) for line in lines if line),
            footer_text=self.footer_text.data or "",
        )

    @classmethod
    def of(cls, kit: BrandKit) -> BrandForm:
        """Return the form with what is on record."""
        links = "\n".join(url for _network, url in kit.social)
        return cls(formdata=None, obj=kit, data={"social_links": links, "logo_image_id": kit.logo_image_id or ""})


class PageForm(Form):
    """A web page to read a look from."""

    url = LineField(_("Address of your website"), [required, Length(max=500)])
