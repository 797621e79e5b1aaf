"""Classifies replies: a person, a machine, a request to stop, or one that may be such.

A request is acted on only where the whole message is one, in any of the languages of `stop_phrases`; whatever else
speaks of stopping goes to a person, and is no interest in the meantime.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from app.tracking.models import ReplyClass
from app.tracking.replies import stop_phrases

# Only the space of one line is passed over: a mail of nothing but empty lines must not cost their number squared.
_WROTE = (
    r"wrote|writes|schrieb[^\n]{0,80}|schreef[^\n]{0,80}|a écrit|escribió|escreveu|ha scritto|scrive"
    r"|napisał[^\n]{0,30}|пишет|написал[^\n]{0,10}|skrev[^\n]{0,80}|kirjoitti|napsal[^\n]{0,20}|yazdı|şunu yazdı"
    r"|كتب|写道|寫道|のメール|작성"
)
_OPENING = (
    r"On|Am|Le|El|Em|Il|Op|W dniu|Dnia|Den|D\.|Dne|Na|În|Στις|В|Пн|Вт|Ср|Чт|Пт|Сб|Вс|\d{1,4}[.\-/年 ]|在|于|於|في"
)
_HEADER = (
    r"From|Von|De|Da|Van|Od|От|Від|Från|Fra|Lähettäjä|Gönderen|Kimden|差出人|送信者|보낸 ?사람|发件人|寄件者|寄件人|من"
)
_SENT_FROM = (
    r"Sent from (?:my|Mail|Outlook|Yahoo|Proton)|Get Outlook for|Von meinem \w+ gesendet|Gesendet (?:von|mit)"
    r"|Envoyé (?:de|depuis)|Enviado (?:desde|do|de)|Inviato da|Verzonden (?:vanaf|met)|Wysłan[eo] z|Отправлено (?:с|из)"
    r"|Skickat från|Sendt fra|Lähetetty|Odesláno z|(?:iPhone|iPad|Android)から送信|나의 \w+에서 보냄"
    r"|\w{1,20}['’]?[ıiu]mdan gönderildi|发自我的|發自我的|從我的|أرسلت من"
)
_QUOTED_FROM = re.compile(
    rf"^[^\S\n]*+(?:>|(?:{_OPENING})[^\n]{{3,200}}(?:\n[^\n]{{0,120}})?(?:{_WROTE})[^\n:：]{{0,20}}[:：]?[^\S\n]*$"
    rf"|[^\n]{{0,160}}<[^<>@\s]{{1,64}}@[^<>\s]{{1,200}}>[^\n]{{0,60}}[:：][^\S\n]*$"
    rf"|-{{3,}}[^\S\n]?[^\n-]{{3,40}}-{{3,}}[^\S\n]*$|-{{2,}}[^\S\n]*(?:Original Message|Forwarded message|原始邮件)"
    rf"|_{{10,}}|(?:{_HEADER})[^\S\n]?[:：][^\S\n]?|{_SENT_FROM}|--[^\S\n]?$)",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_LINE = re.compile(r"^[^\S\n]*>.*$", re.MULTILINE)
_REPLY_SUBJECT = re.compile(
    r"\s*(?:re|aw|antw?|sv|vs|ref|rif|r|odp|отв|ynt|回复|回覆|答复|回信|返信|fwd?|wg|tr|rv|i|enc|转发|轉寄|رد|ΑΠ)"
    r"\s*(?:\[\d+\])?\s*[:：]",
    re.IGNORECASE,
)
# A request to stop is short; a long reply that happens to begin with "Stop" is for a person to read.
_LONGEST_REQUEST = 400
_MOST_READ = 4_000
_PARTS = re.compile(r"(?<!\?)\n|[.!。！；;…,，、/|:：]+|(?<=[?？])|\s[-–—]+\s|[<>(){}\[\]\"“”«»*]+")
_ADDRESS = re.compile(r"\S{1,64}@\S{1,255}|https?://\S{1,2000}")
_WIDE = re.compile("[⺀-鿿가-힯]")
_AUTO_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponse", "x-mail-autoreply", "x-failed-recipients")
_AUTO_PRECEDENCE = ("auto_reply", "auto-reply", "bulk", "junk", "list")
_REPORTS = ("multipart/report", "message/delivery-status", "message/disposition-notification")
_AUTO_SUBJECT = re.compile(
    r"\s*(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|autoreply|out of (?:the )?office|ooo\b"
    r"|abwesen|automatische antwort|réponse automatique|absence du bureau|absent du bureau|respuesta automática"
    r"|fuera de (?:la )?oficina|resposta automática|ausência|fora do escritório|risposta automatica"
    r"|fuori (?:ufficio|sede)|automatisch antwoord|afwezig|automatyczna odpowiedź|autoodpowiedź|автоответ"
    r"|автоматический ответ|自动回复|自動回覆|自动答复|自動返信|不在(?:の|通知|です)|자동 ?(?:응답|회신)|부재 ?중"
    r"|otomatik (?:yanıt|cevap)|autosvar|automatiskt? svar|frånvaro|fravær|ikke til stede|automaattinen vastaus"
    r"|poissaolo|automatická odpověď|رد تلقائي)",
    re.IGNORECASE,
)


def classify(*, subject: str, text: str, headers: Mapping[str, str]) -> ReplyClass:
    """Return who answered. Header names in any case; `text` may hold the quoted mail."""
    if _is_automatic(subject, {name.lower(): value for name, value in headers.items()}):
        return ReplyClass.AUTO
    # The subject of an answer is ours; it counts where it is the person's own.
    own_subject = "" if _REPLY_SUBJECT.match(subject) else subject
    words = own_words(text)
    if _is_request(words, own_subject):
        return ReplyClass.UNSUBSCRIBE
    if stop_phrases.SIGN.search(stop_phrases.folded(f"{own_subject}\n{words}"[:_MOST_READ])) or _holds_request(words):
        return ReplyClass.POSSIBLE_UNSUBSCRIBE
    return ReplyClass.HUMAN


def own_words(text: str) -> str:
    """Return what the person wrote, without the mail they quote and without their signature."""
    text = text.replace("\r\n", "\n")
    quoted = _QUOTED_FROM.search(text)
    before = (text[: quoted.start()] if quoted else text).strip()
    if before or quoted is None:
        return before
    # Some answer below what they quote.
    below = _QUOTED_LINE.sub("", text[quoted.end() :] if text[quoted.start() : quoted.end()].strip() != ">" else text)
    again = _QUOTED_FROM.search(below)
    return (below[: again.start()] if again else below).strip()


def _is_request(words: str, subject: str) -> bool:
    """Say whether all the person wrote is a request to stop, with whatever courtesies around it."""
    if len(words) > _LONGEST_REQUEST:
        return False
    asked_above = _kind(subject) == "request"
    if not words:
        return asked_above
    joined = re.sub(r"(?<!\n)\n(?!\n)", " ", words)
    return any(_says_nothing_else(_ADDRESS.sub("", each), asked_above) for each in (words, joined))


def _says_nothing_else(words: str, has_asked: bool) -> bool:
    is_signed = False
    for part in filter(str.strip, _PARTS.split(words)):
        kind = _kind(part)
        if kind == "request":
            has_asked = True
        elif kind == "sign-off":
            is_signed = True
        elif kind == "other" and not ((is_signed or has_asked) and _is_name(part, is_signed)):
            return False
    return has_asked


def _holds_request(words: str) -> bool:
    """Say whether a sentence among others asks us to stop."""
    return any(_kind(part) == "request" for part in re.split(r"[\n.!?。！？]+", words[:_MOST_READ]) if len(part) < 200)


def _kind(part: str) -> str:
    """What a sentence is: a request, a courtesy, the end of a mail, or something other."""
    folded = stop_phrases.folded(part)
    if not folded:
        return "courtesy"
    is_question, has_lead = part.rstrip().endswith(("?", "？")), False
    for rest, is_led in _stripped(folded):
        has_lead = has_lead or is_led
        if not rest or stop_phrases.EXPLANATION.fullmatch(rest) or stop_phrases.TRAIL.fullmatch(rest):
            return "courtesy"
        if (is_led or not is_question) and stop_phrases.REQUEST.fullmatch(rest):
            return "request"
    greeting = stop_phrases.GREETING.match(folded)
    if greeting and len(folded[greeting.end() :].split()) <= 4:
        return "courtesy"
    signed = stop_phrases.SIGN_OFF.match(folded)
    if signed and len(folded[signed.end() :].split()) <= 4:
        return "sign-off"
    return "other"


def _stripped(folded: str) -> Iterator[tuple[str, bool]]:
    """Yield the sentence, and again with ever more of its courtesies taken off; and whether any stood before it."""
    begun = [(folded, False)]
    greeting = stop_phrases.GREETING.match(folded)
    if greeting and _is_whole(folded, greeting.end()):
        words = folded[greeting.end() :].split()
        begun += [(" ".join(words[skipped:]), False) for skipped in range(min(4, len(words) + 1))]
    for start, was_led in begun:
        rest, is_led = start, was_led
        for _ in range(8):
            yield rest, is_led
            without = rest
            while without:
                shorter = _TRAILING.sub("", without)
                if shorter == without:
                    break
                without = shorter
                yield without, is_led
            lead = stop_phrases.LEAD.match(rest)
            if lead is None or not _is_whole(rest, lead.end()):
                break
            rest, is_led = rest[lead.end() :].strip(), True


_TRAILING = re.compile(f"(?: |^|(?<=[⺀-鿿가-힯]))(?:{stop_phrases.TRAIL.pattern})$")


def _is_whole(text: str, end: int) -> bool:
    """Say whether a word ends here; Chinese, Japanese and Korean ones may anywhere."""
    return end >= len(text) or text[end] == " " or bool(_WIDE.match(text[end - 1]))


def _is_name(part: str, is_signed: bool) -> bool:
    """Say whether this may be a name below a mail: a few words, each with a capital where there are any."""
    words = part.split()
    if len(words) > (6 if is_signed else 3):
        return False
    return is_signed or all(word[0].isupper() or (not word.islower() and len(word) <= 4) for word in words)


def _is_automatic(subject: str, headers: Mapping[str, str]) -> bool:
    submitted = headers.get("auto-submitted", "no").partition(";")[0].strip().lower()
    return (
        submitted not in ("no", "")
        or any(name in headers for name in _AUTO_HEADERS)
        or headers.get("precedence", "").strip().lower() in _AUTO_PRECEDENCE
        or headers.get("return-path", "").strip() == "<>"
        or headers.get("content-type", "").strip().lower().startswith(_REPORTS)
        or bool(_AUTO_SUBJECT.match(subject))
    )
