"""What staff fill in about images and the look of mails."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms.validators import InputRequired, Length, NumberRange

from app.brands.images import LONGEST_ALT, LONGEST_NAME
from app.web.forms import Form, LineField, WholeNumberField, required

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
