"""What do our own mails say? The double opt-in question and the invitation, in the languages of the house.

The topics, the time and the network of a request are merge fields; whatever somebody typed into a form is not repeated.
"""

from __future__ import annotations

from app.delivery.content import Content

_HTML = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 sans-serif;color:#1d2433;background:#f5f6f8">
<div style="max-width:560px;margin:0 auto;padding:32px;background:#ffffff;border-radius:8px">
{paragraphs}
</div></body></html>
"""
_BUTTON = (
    '<p><a href="{{{{ confirm_url }}}}" style="display:inline-block;padding:12px 20px;background:#1f5fd6;'
    'color:#ffffff;text-decoration:none;border-radius:6px">{label}</a></p>'
)

_CONFIRMATION = {
    "en": (
        "Please confirm: {{ customer.asked_topics }} from {{ workspace.sender_name }}",
        "Somebody asked that this address receive mail from us. Was it you?",
        (
            "Somebody, perhaps you, asked on {{ customer.asked_at }} that this address receive "
            "“{{ customer.asked_topics }}” from {{ workspace.sender_name }}"
            "{% if customer.asked_from %} (from the network {{ customer.asked_from }}){% endif %}.",
            "If it was you, please confirm. Until then you receive nothing.",
        ),
        "Yes, it was me",
        (
            "If it was not you, do nothing: without your answer nothing will be sent. The same page lets you tell us "
            "that you did not ask.",
            "{{ workspace.name }}, {{ workspace.postal_address }}",
        ),
    ),
    "zh": (
        "请确认订阅：{{ workspace.sender_name }}的{{ customer.asked_topics }}",
        "有人请求让此邮箱接收我们的邮件，是您本人吗？",
        (
            "有人（也许是您）于 {{ customer.asked_at }} 请求让此邮箱接收{{ workspace.sender_name }}的"
            "“{{ customer.asked_topics }}”"
            "{% if customer.asked_from %}（来自网络 {{ customer.asked_from }}）{% endif %}。",
            "如果是您本人，请点击确认。在此之前您不会收到任何邮件。",
        ),
        "是我，确认订阅",
        (
            "如果不是您本人，无需任何操作：没有您的确认，我们不会发送任何邮件。"
            "您也可以在同一页面告诉我们这不是您的请求。",
            "{{ workspace.name }}，{{ workspace.postal_address }}",
        ),
    ),
}

_INVITATION = {
    "en": (
        "You are invited to {workspace} on Assent",
        "{inviter} invites you to work on {workspace} in Assent.\n\n"
        "Accept the invitation within seven days:\n{link}\n\n"
        "If you do not know what this is about, you can ignore this mail.\n",
    ),
    "zh": (
        "邀请您加入 Assent 上的{workspace}",
        "{inviter}邀请您在 Assent 中共同管理{workspace}。\n\n请在七天内接受邀请：\n{link}\n\n"
        "如果您不清楚这是什么，请忽略此邮件。\n",
    ),
}


def confirmation(language: str) -> Content:
    """Return the double opt-in question; English where we do not speak the language."""
    spoken = language if language in _CONFIRMATION else "en"
    subject, preheader, before, label, after = _CONFIRMATION[spoken]
    paragraphs = [f"<p>{text}</p>" for text in before] + [_BUTTON.format(label=label)]
    paragraphs += [f'<p style="color:#5b6472">{text}</p>' for text in after]
    html = _HTML.format(language=spoken, title=label, paragraphs="\n".join(paragraphs))
    text = "\n\n".join((*before, f"{label}: {{{{ confirm_url }}}}", *after)) + "\n"
    return Content(subject, preheader, html, text, spoken)


def invitation(language: str, *, workspace: str, inviter: str, link: str) -> tuple[str, str]:
    """Return subject and text of an invitation to one of the staff."""
    subject, text = _INVITATION.get(language, _INVITATION["en"])
    values = {"workspace": workspace, "inviter": inviter, "link": link}
    return subject.format(**values), text.format(**values)
