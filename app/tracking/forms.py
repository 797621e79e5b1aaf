"""What staff fill in about a website."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms.validators import Length

from app.web.forms import Form, TextField, required


class WebsiteForm(Form):
    """From where a website's visitors report."""

    origins = TextField(
        _l("Origins"),
        [required, Length(max=2600)],
        description=_l("One a line, as https://www.example.com. Reports from anywhere else are refused."),
    )
