"""Texts of transactional mail: the double opt-in confirmation and the invitation.

Whatever somebody chose (names of topics, workspaces and staff, a link) is a merge field, which the compiler escapes;
what was typed into a form is not repeated.
"""

from __future__ import annotations

import re

from app.rendering.content import Content

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

# The same for what was switched on on a preference page, by a link that does not prove its owner.
_SWITCHED_ON = {
    "en": (
        "Please confirm your choice: {{ customer.asked_topics }}",
        "Somebody used a link from one of our mails to you. Was it you?",
        (
            "Somebody, perhaps you, used a link from one of our mails to you on {{ customer.asked_at }} to switch on "
            "“{{ customer.asked_topics }}” at {{ workspace.sender_name }}"
            "{% if customer.asked_from %} (from the network {{ customer.asked_from }}){% endif %}.",
            "If it was you, please confirm. Until then nothing changes.",
        ),
        "Yes, it was me",
        (
            "If it was not you, do nothing: without your answer everything stays off. Perhaps a mail of ours was "
            "forwarded.",
            "{{ workspace.name }}, {{ workspace.postal_address }}",
        ),
    ),
    "zh": (
        "请确认您的选择：{{ customer.asked_topics }}",
        "有人使用了我们发给您的邮件中的链接，是您本人吗？",
        (
            "有人（也许是您）于 {{ customer.asked_at }} 使用我们发给您的邮件中的链接，"
            "请求开启{{ workspace.sender_name }}的"
            "“{{ customer.asked_topics }}”"
            "{% if customer.asked_from %}（来自网络 {{ customer.asked_from }}）{% endif %}。",
            "如果是您本人，请点击确认。在此之前不会有任何改变。",
        ),
        "是我，确认开启",
        (
            "如果不是您本人，无需任何操作：没有您的确认，一切保持关闭。也许我们的某封邮件被转发了。",
            "{{ workspace.name }}，{{ workspace.postal_address }}",
        ),
    ),
}
_PURPOSES = {
    "en": {
        "open_tracking": "seeing whether you open our mails",
        "click_tracking": "seeing which links you click",
        "profiling": "suggesting what may interest you",
    },
    "zh": {
        "open_tracking": "了解您是否打开邮件",
        "click_tracking": "了解您点击了哪些链接",
        "profiling": "推荐您可能感兴趣的内容",
    },
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


def confirmation(language: str, *, is_sign_up: bool = True) -> Content:
    """Return the double opt-in question, about a sign-up or a switch; English where we do not speak the language."""
    spoken = language if language in _CONFIRMATION else "en"
    subject, preheader, before, label, after = (_CONFIRMATION if is_sign_up else _SWITCHED_ON)[spoken]
    paragraphs = [f"<p>{text}</p>" for text in before] + [_BUTTON.format(url="confirm_url", label=label)]
    paragraphs += [f'<p style="color:#5b6472">{text}</p>' for text in after]
    html = _HTML.format(language=spoken, title=label, paragraphs="\n".join(paragraphs))
    text = "\n\n".join((*before, f"{label}: {{{{ confirm_url }}}}", *after)) + "\n"
    return Content(subject, preheader, html, text, spoken)


def purpose(name: str, language: str) -> str:
    """Return what a purpose beside marketing is called in a mail."""
    return _PURPOSES[language if language in _PURPOSES else "en"][name]


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
