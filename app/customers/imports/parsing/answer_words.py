"""What other programs write for consent, refusal and no answer."""

from __future__ import annotations

import unicodedata
from enum import Enum
from functools import lru_cache

from app.customers import values

_LONGEST = 200


class Answer(Enum):
    """What one cell says about permission. Who never answered has not said no."""

    YES = "yes"
    NO = "no"
    NONE = "none"


def _words(text: str) -> frozenset[str]:
    return frozenset(map(_fold, text.split(",")))


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("_", " ").replace("-", " ")
    return " ".join(plain.split())


_YES = _words(
    "subscribed, opted in, opt in, optin, single opt in, double opt in, doi, soi, confirmed, confirmed opt in, active,"
    "granted, given, accepted, agreed, consented, allowed, abonniert, angemeldet, bestätigt, eingewilligt, zugestimmt,"
    "aktiv, erteilt, inscrit, inscrite, abonné, abonnée, confirmé, confirmée, accepté, actif, suscrito, suscrita,"
    "confirmado, confirmada, aceptado, activo, iscritto, iscritta, confermato, attivo, inscrito, inscrita, ativo,"
    "ingeschreven, actief, bevestigd, 已订阅, 订阅, 同意, 已同意, 已确认, 接受, 已授权, 購読中, 同意する, 동의"
)
_NO = _words(
    "unsubscribed, unsubscribe, opted out, opt out, optout, withdrawn, withdrew, revoked, denied, declined, refused,"
    "rejected, suppressed, blocked, blocklisted, blacklisted, complained, complaint, spam, abgemeldet, widerrufen,"
    "abgelehnt, gesperrt, widersprochen, désinscrit, désinscrite, désabonné, désabonnée, refusé, retiré, baja,"
    "dado de baja, dada de baja, cancelado, rechazado, revocado, disiscritto, cancellato, revocato, rifiutato,"
    "descadastrado, recusado, uitgeschreven, afgemeld, geweigerd, 已退订, 退订, 取消订阅, 已取消, 不同意, 拒绝, 拒收,"
    "撤回, 配信停止, 解除, 同意しない, 거부"
)
_NONE = _words(
    "never subscribed, non subscribed, nonsubscribed, not subscribed, pending, unconfirmed, not confirmed, unknown,"
    "n/a, na, none, null, nan, not set, never, not given, not specified, inactive, invalid, cleaned, bounced,"
    "hard bounced, transactional, redacted, -, –, —, [], {}, nicht angemeldet, nicht abonniert, unbestätigt, offen,"
    "ausstehend, unbekannt, inaktiv, non inscrit, non abonné, en attente, inconnu, inactif, no suscrito, pendiente,"
    "desconocido, inactivo, non iscritto, in attesa, sconosciuto, não inscrito, pendente, niet ingeschreven, 未订阅,"
    "待确认, 未确认, 未知, 未同意, 未设置, 未登録"
)


def read(text: str) -> Answer | None:
    """Return what a cell about permission says, None when that cannot be told."""
    return _read(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=1024)
def _read(text: str) -> Answer | None:
    said = values.truth(text)
    if said is not None:
        return Answer.YES if said else Answer.NO
    folded = _fold(text)
    for answer, words in ((Answer.YES, _YES), (Answer.NO, _NO), (Answer.NONE, _NONE)):
        if folded in words:
            return answer
    return _channels(folded)


def tells_of_leaving(text: str) -> bool:
    """Say whether a cell about unsubscribing tells of one: a date, a reason or a yes; a no and a blank do not."""
    if len(text) > _LONGEST:
        return True
    if values.truth(text) is False:
        return False
    folded = _fold(text)
    return bool(folded) and folded not in _NONE and folded not in _YES


def _channels(folded: str) -> Answer | None:
    """Klaviyo lists the channels somebody agreed to: ["email", "sms"]."""
    named = {part.strip(" \"'") for part in folded.strip("[]").replace(";", ",").split(",")}
    if not named <= {"email", "sms", "mobile", "web", "directmail", "push", "whatsapp"}:
        return None
    return Answer.YES if "email" in named else Answer.NONE
