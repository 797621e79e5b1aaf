"""What other programs write for gender, birth date, kind of customer and preferred channel."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache

from app.customers.profiles import dates, identity

_LONGEST = 200


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("_", " ").replace("-", " ")
    return " ".join(plain.split()).rstrip(".")


def _words(told: Mapping[str, str]) -> dict[str, str]:
    return {_fold(word): value for value, words in told.items() for word in (value, *words.split(","))}


WORDS: Mapping[str, Mapping[str, str]] = {
    "gender": _words(
        {
            "female": "f, w, woman, girl, ms, mrs, miss, weiblich, frau, femme, féminin, mme, mlle, madame, mujer,"
            "femenino, sra, donna, femmina, femminile, mulher, feminino, vrouw, kobieta, 女, 女性, 女士, 여, 여성,"
            "женский",
            "male": "m, man, boy, mr, männlich, herr, homme, masculin, monsieur, hombre, masculino, sr, uomo, maschio,"
            "maschile, homem, mann, mężczyzna, 男, 男性, 先生, 남, 남성,"
            "мужской",
            "other": "d, x, o, diverse, divers, non binary, nonbinary, nb, autre, otro, altro, outro, anders,"
            "其他, その他",
        }
    ),
    "kind": _words(
        {
            "consumer": "b2c, private, private person, person, individual, retail, endkunde, privat, privatkunde,"
            "particulier, particular, privato, 个人, 消费者, 個人",
            "business": "b2b, company, organisation, organization, business contact, firma, geschäftskunde, gewerblich,"
            "entreprise, professionnel, empresa, azienda, zakelijk, 企业, 公司, 商业, 法人",
        }
    ),
    "preferred_channel": _words(
        {
            "email": "e mail, mail, e mails, courriel, correo, 邮件, 电子邮件, メール",
            "phone": "telephone, call, calls, telefon, anruf, téléphone, teléfono, telefono, telefone, 电话, 電話",
            "text": "sms, text message, text messages, whatsapp, wechat, 短信, 微信",
            "post": "letter, mail order, postal, brief, courrier, carta, 信件, 邮寄, 郵送",
            "visit": "in person, store, shop, besuch, visite, visita, 上门, 到店, 来店",
        }
    ),
}


def finders(date_order: str, born_by: date) -> dict[str, Callable[[str], str | None]]:
    """Return for each coded value what reads it, None where a text is none of its kind."""
    found: dict[str, Callable[[str], str | None]] = {name: _finder(name) for name in WORDS}
    return found | {"birth_date": lru_cache(maxsize=8192)(lambda text: find_birth_date(text, date_order, born_by))}


def find_birth_date(text: str, date_order: str, born_by: date = date.max) -> str | None:
    """Return the day as it is kept, None where it is none or nobody is born on it, at the latest `born_by`."""
    try:
        day = dates.day(text, date_order)
    except ValueError:
        return None
    return day.isoformat() if identity.EARLIEST <= day <= born_by else None


def _finder(name: str) -> Callable[[str], str | None]:
    words = WORDS[name]

    @lru_cache(maxsize=1024)
    def find(text: str) -> str | None:
        return words.get(_fold(text)) if len(text) <= _LONGEST else None

    return find
