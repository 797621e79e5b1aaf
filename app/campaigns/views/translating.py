"""The action that translates the merge tags of other tools in a draft."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.campaigns.studio import tag_translation
from app.campaigns.views.blueprint import bp
from app.kernel import ids
from app.kernel.services import services
from app.web import guard, shell


@bp.post("/campaigns/<int:campaign_id>/translate-tags")
@guard.role("marketer")
def translate_tags(campaign_id: int) -> ResponseReturnValue:
    """Translate what can be, and go back to the draft, where the rest is marked."""
    now, content_id = services().clock.now(), request.values.get("content", type=ids.read)
    with services().database.transaction(g.workspace.id) as session:
        found, again = tag_translation.translate(
            session, g.workspace.id, campaign_id, content_id, staff_id=g.staff.id, now=now
        )
    message = ngettext("%(num)s merge tag was translated.", "%(num)s merge tags were translated.", found.translatable)
    if found.left:
        message += " " + _("%(count)s could not be; they are marked where they stand.", count=found.left)
    return shell.back(url_for("campaigns.show", campaign_id=campaign_id, content=content_id), message, undo=again)
