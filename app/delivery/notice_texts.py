"""What do our own mails say? The double opt-in question and the invitation, in the languages of the house.

Whatever somebody chose (names of topics, workspaces and staff, a link) is a merge field, which the compiler escapes;
what was typed into a form is not repeated.
"""

from __future__ import annotations

import re

from app.delivery.content import Content

_HTML = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 sans-serif;color:#1d2433;background:#f5f6f8">
<div style="max-width:560px;margin:0 auto;padding:32px;background:#ffffff;border-radius:8px">
{paragraphs}
</div></body></html>
"""
_BUTTON = (
    '<p><a href="{{{{ {url} }}}}" style="display:inline-block;padding:12px 20px;background:#1f5fd6;'
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
        "Invitation to work on “{{ customer.workspace }}” in Assent",
        (
            "{{ customer.inviter }} invites you to work on “{{ customer.workspace }}” in Assent.",
            "The invitation is for this mailbox only. Accept it within seven days:",
        ),
        "Accept the invitation",
        "If you do not know what this is about, you can ignore this mail.",
    ),
    "zh": (
        "邀请您在 Assent 中共同管理“{{ customer.workspace }}”",
        (
            "{{ customer.inviter }}邀请您在 Assent 中共同管理“{{ customer.workspace }}”。",
            "此邀请仅供本邮箱使用，请在七天内接受：",
        ),
        "接受邀请",
        "如果您不清楚这是什么，请忽略此邮件。",
    ),
}
# What mail programs turn into a link by themselves: an address written without any markup.
_LINKABLE = re.compile(r"(?<=\w)[.:/@](?=[\w/])")
_LONGEST_NAME = 60


def confirmation(language: str) -> Content:
    """Return the double opt-in question; English where we do not speak the language."""
    spoken = language if language in _CONFIRMATION else "en"
    subject, preheader, before, label, after = _CONFIRMATION[spoken]
    paragraphs = [f"<p>{text}</p>" for text in before] + [_BUTTON.format(url="confirm_url", label=label)]
    paragraphs += [f'<p style="color:#5b6472">{text}</p>' for text in after]
    html = _HTML.format(language=spoken, title=label, paragraphs="\n".join(paragraphs))
    text = "\n\n".join((*before, f"{label}: {{{{ confirm_url }}}}", *after)) + "\n"
    return Content(subject, preheader, html, text, spoken)


def invitation(language: str) -> Content:
    """Return the invitation to one of the staff; who invites to what, and the link, are merge fields."""
    spoken = language if language in _INVITATION else "en"
    subject, before, label, after = _INVITATION[spoken]
    button = _BUTTON.format(url="customer.link", label=label)
    paragraphs = [*(f"<p>{text}</p>" for text in before), button, f'<p style="color:#5b6472">{after}</p>']
    html = _HTML.format(language=spoken, title=label, paragraphs="\n".join(paragraphs))
    text = "\n\n".join((*before, "{{ customer.link }}", after)) + "\n"
    return Content(subject, "", html, text, spoken)


def name_for_strangers(name: str) -> str:
    """Return a name that somebody chose as it may stand in a mail of the installation to a stranger.

    It is short, and no mail program finds an address in it to lead anybody to.
    """
    shown = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
    return _LINKABLE.sub("\\g<0>\u2060", shown)
