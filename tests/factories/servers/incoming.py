"""An intake process, and mails that nobody's mail program writes."""

from __future__ import annotations

import os
import random
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.kernel.processes import ports
from app.kernel.settings import Settings

ROOT = Path(__file__).parents[3]
MEGABYTE = 2**20
_PART = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
HOSTILE = {
    "a folded header of semicolons": b"Content-Type: text/plain" + b";\r\n " * (MEGABYTE // 4) + b"\r\n\r\nhello\r\n",
    "semicolons within the limit": b"Content-Type: text/plain" + b";\r\n " * 15_000 + b"\r\n\r\n" + b"x\r\n" * 300_000,
    "a maze of boundaries": b"".join(_PART % (n, n) for n in range(60)) + b"\r\n--b1x" * 120_000,
    "parts without end": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * (MEGABYTE // 5),
    "lines of nothing": b"\r\n" * (MEGABYTE // 2),
    "headers of nothing": b"a:\r\n" * (MEGABYTE // 4),
    "comments that never end": b"Content-Type: text/html\r\n\r\n" + b"<!--" * (MEGABYTE // 4),
    "a character set squared": b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"-a" * (MEGABYTE // 2),
    "one line": b"Subject: Re: News\r\n\r\n" + b"x" * MEGABYTE,
    "a great report": b"Content-Type: multipart/report; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    + b"Final-Recipient: rfc822; a@b.test\r\nAction: failed\r\n\r\n" * 180_000,
}


@dataclass
class RunningIntake:
    """An intake process, where it listens, and what it said."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def deliver(self, to: str, raw: bytes, *, sender: str = "ada@example.com") -> tuple[int, str]:
        """Hand one mail in, octet for octet, and return the last answer."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=120) as peer:
            peer.ehlo()
            peer.mail(sender)
            code, said = peer.rcpt(to)
            if code == 250:
                code, said = peer.docmd("DATA")
                stuffed = b"\r\n" + raw
                peer.send(stuffed.replace(b"\r\n.", b"\r\n..")[2:] + b"\r\n.\r\n")
                code, said = peer.getreply()
            return code, said.decode("utf-8", "replace")

    def spent_seconds(self) -> float:
        """The processor time of all its threads so far."""
        user, system = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def largest_bytes(self) -> int:
        """The most memory it ever held."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@contextmanager
def an_intake_process(settings: Settings, folder: Path, **env: str) -> Iterator[RunningIntake]:
    """The intake as operators start it."""
    (port,), log = ports.keep(folder / "port", 1), folder / "intake.log"
    given = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": settings.smtp_url,
        "PUBLIC_URL": settings.public_url,
        "SECRET_KEYS": ",".join(f"{key.id}:{key.secret.hex()}" for key in settings.secret_keys),
        "VAR_DIR": str(settings.var_dir),
        "INBOUND_DOMAIN": "inbound.example",
        "INTAKE_ADDRESS": f"127.0.0.1:{port}",
    }
    with log.open("wb") as output:
        words = [sys.executable, "-m", "app.cli", "intake"]
        process = subprocess.Popen(words, cwd=ROOT, env=os.environ | given | env, stdout=output, stderr=output)
    try:
        _await(port, process, log)
        yield RunningIntake(port, process, log)
    finally:
        process.kill()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    while ports.is_free(port):
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)


def mutated(raw: bytes, seed: int) -> bytes:
    """The mail with a few stretches of it lost, repeated, moved or replaced, always the same for a seed."""
    dice, out = random.Random(seed), bytearray(raw)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(out) + 1)
        length = dice.choice((1, 2, 5, 40))
        stretch = bytes(out[at : at + length])
        out[at : at + dice.choice((0, length))] = dice.choice(
            (b"", stretch * dice.choice((2, 3, 50)), dice.randbytes(length), dice.choice(_TOKENS))
        )
    return bytes(out)


_TOKENS = (
    *(b"\r\n\r\n", b"\r\n ", b"\0", b";", b'"', b"=?", b"?=", b"=?utf-8?b?", b"=?utf\xc3\xa9-8?q?A?=", b"--b\r\n"),
    *(b"--b--", b"boundary=", b"charset=", b"*0*=", b"base64", b"quoted-printable", b"\xff\xfe", b"\xed\xa0\x80"),
    *(b"message/delivery-status", b"multipart/report", b"&#99999999999999999999;", b"<!--", b"9" * 5000, b"@", b"<>"),
)
