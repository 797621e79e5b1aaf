"""Recipients of the demonstration: they open, click, reply, bounce and unsubscribe as people do.

Each person's ways follow from their address alone, so that two runs tell the same story.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import smtplib
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from pathlib import Path
from urllib.parse import urlsplit

from demo import inbox

_HANDS = 6
_READERS = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML) Version/17.4 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36",
)
_IMAGE_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
_SCANNER = "Barracuda Sentinel (EE)"
_REPLIES = (
    "Thank you! Which of these would you choose for an iced tea?",
    "Do you also ship to a parcel station?",
    "Lovely. Could you put two of them aside for me until Friday?",
    "谢谢！请问这款茶可以泡几次？",
    "My last box arrived dented. The tea was fine, but I thought you should know.",
    "Gibt es davon auch eine kleinere Packung zum Probieren?",
    "Is the white tea free of caffeine? My mother is asking.",
)
_IMAGE = re.compile(r'src="(https?://[^"]*/t/o/[^"]+)"')
_LINK = re.compile(r'href="(https?://[^"]*/t/c/[^"]+)"')


@dataclass(frozen=True)
class Mail:
    """One mail in one mailbox, as far as its reader can tell."""

    file: str
    to: str
    return_path: str
    message_id: str
    reply_to: str
    subject: str
    leave: str
    image: str
    links: tuple[str, ...]


@dataclass(frozen=True)
class Temper:
    """How many of a hundred people do what. Everything else is silence."""

    opens: float = 46
    clicks: float = 14
    replies: float = 0.7
    leaves: float = 1.6
    bounces: float = 0.5
    scanned: float = 4


@dataclass
class Responses:
    """What was done, counted where it was done."""

    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    left: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)

    def note(self, what: str, by: int = 1) -> None:
        with self.lock:
            self.counts[what] += by


def arrived(folder: Path, *, after: int) -> list[Mail]:
    """Return the mails that arrived behind the first `after` ones."""
    known = list(inbox.mails(folder))[after:]
    return [_read(folder, entry) for entry in known]


def machines_first(mails: Iterable[Mail], responses: Responses, temper: Temper, public_url: str) -> None:
    """Let the scanners before some mailboxes look at everything in the second it arrives."""
    _each(public_url, [mail for mail in mails if _dice(mail, "scanner") < temper.scanned], responses, _scan)


def people_later(mails: Iterable[Mail], responses: Responses, temper: Temper, public_url: str) -> None:
    """Let people read, hours after the mail came."""
    _each(public_url, list(mails), responses, lambda browser, mail, done: _read_it(browser, mail, done, temper))


def leave(mails: Iterable[Mail], responses: Responses, temper: Temper, public_url: str) -> None:
    """Let those who have had enough look at the page, which changes nothing, and then press their program's button."""

    def go(browser: Browser, mail: Mail, responses: Responses) -> None:
        browser("GET", mail.leave, agent=_READERS[0])
        done = browser("POST", mail.leave, agent="", body="List-Unsubscribe=One-Click")
        responses.note("leaves" if done < 300 else "leaves_refused")

    leaving = [mail for mail in mails if wants_to_leave(mail, temper)]
    _each(public_url, leaving, responses, go)
    responses.left |= {mail.to for mail in leaving}


def wants_to_leave(mail: Mail, temper: Temper) -> bool:
    """Say whether this mail is the one too many."""
    return bool(mail.leave) and _dice(mail, "leave") < temper.leaves


def answer_by_mail(mails: Iterable[Mail], responses: Responses, temper: Temper, inbound: tuple[str, int]) -> None:
    """Send replies, and failure reports of servers further on, to the installation's own inbound server."""
    mails = list(mails)
    replying = [mail for mail in mails if _dice(mail, "reply") < temper.replies]
    failing = [mail for mail in mails if _dice(mail, "bounce") < temper.bounces and mail not in replying]
    with smtplib.SMTP(*inbound) as server:
        for mail in replying:
            server.send_message(_reply(mail), mail.to, [mail.reply_to])
        for mail in failing:
            server.sendmail("", [mail.return_path], _failure(mail))
            responses.returned.add(mail.to)
    responses.note("replies", len(replying))
    responses.note("late_bounces", len(failing))


Browser = Callable[..., int]


def _read_it(browser: Browser, mail: Mail, responses: Responses, temper: Temper) -> None:
    agent = _READERS[int(_dice(mail, "agent")) % len(_READERS)]
    clicks = _dice(mail, "click") < temper.clicks
    if mail.image and (clicks or _dice(mail, "open") < temper.opens):
        through_proxy = _dice(mail, "proxy") < 30
        browser("GET", mail.image, agent=_IMAGE_PROXY if through_proxy else agent)
        responses.note("opens_by_proxy" if through_proxy else "opens")
    if clicks and mail.links:
        browser("GET", mail.links[int(_dice(mail, "link")) % len(mail.links)], agent=agent)
        responses.note("clicks")


def _scan(browser: Browser, mail: Mail, responses: Responses) -> None:
    for link in mail.links:
        browser("HEAD", link, agent=_SCANNER)
        browser("GET", link, agent=_READERS[0])
    if mail.leave:
        browser("GET", mail.leave, agent=_SCANNER)
    responses.note("scanned_links", 2 * len(mail.links))
    responses.note("scanned_mails")


def _each(
    public_url: str, mails: list[Mail], responses: Responses, do: Callable[[Browser, Mail, Responses], None]
) -> None:
    """Do something with every mail, a few hands at a time, each with a connection of its own."""

    def work(part: list[Mail]) -> None:
        with _Connection(public_url) as browser:
            for mail in part:
                do(browser, mail, responses)

    with ThreadPoolExecutor(_HANDS) as hands:
        for _ in hands.map(work, [mails[number::_HANDS] for number in range(_HANDS)]):
            pass


class _Connection:
    """A browser that keeps its connection and never follows a redirect."""

    def __init__(self, public_url: str) -> None:
        place = urlsplit(public_url)
        self._connection = http.client.HTTPConnection(place.hostname or "localhost", place.port or 80, timeout=30)

    def __enter__(self) -> Browser:
        return self._ask

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _ask(self, method: str, url: str, *, agent: str, body: str | None = None) -> int:
        place = urlsplit(url.replace("&amp;", "&"))
        headers = {"User-Agent": agent} if agent else {}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, place.path + (f"?{place.query}" if place.query else ""), body, headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


def _dice(mail: Mail, what: str) -> float:
    """Return 0 to 100, always the same for a person, a subject and a question."""
    return random.Random(f"{mail.to} {mail.subject} {what}").uniform(0, 100)


def _read(folder: Path, entry: dict[str, object]) -> Mail:
    # The old policy parses headers only when asked; with thousands of mails that is most of the reader's time.
    mail = message_from_bytes((folder / str(entry["file"])).read_bytes())
    shown = next((_text(part) for part in mail.walk() if part.get_content_type() == "text/html"), "")
    image = _IMAGE.search(shown)
    to = json.loads(json.dumps(entry["to"]))[0]
    return Mail(
        file=str(entry["file"]),
        to=to,
        return_path=str(entry["from"]),
        message_id=_unfolded(mail["Message-ID"]),
        reply_to=_unfolded(mail["Reply-To"] or entry["from"]),
        subject=str(make_header(decode_header(_unfolded(mail["Subject"])))),
        leave=_unfolded(mail["List-Unsubscribe"] or "").strip("<>"),
        image=image[1] if image else "",
        links=tuple(dict.fromkeys(_LINK.findall(shown))),
    )


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode(part.get_content_charset("utf-8"), "replace") if isinstance(content, bytes) else ""


def _unfolded(value: object) -> str:
    return " ".join(str(value).split())


def _reply(mail: Mail) -> EmailMessage:
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = mail.to, mail.reply_to, f"Re: {mail.subject}"
    answer["Message-ID"] = f"<reply-{mail.file}@customers.example>"
    answer["In-Reply-To"] = answer["References"] = mail.message_id
    answer.set_content(_REPLIES[int(_dice(mail, "words")) % len(_REPLIES)] + "\n")
    return answer


def _failure(mail: Mail) -> bytes:
    """Return a delivery status notification as a server further on would send it (RFC 3464)."""
    return (
        "From: Mail Delivery System <mailer-daemon@relay.example>\r\n"
        f"To: <{mail.return_path}>\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThe mail could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n"
        f"Final-Recipient: rfc822; {mail.to}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 No such user\r\n\r\n--b--\r\n"
    ).encode()
