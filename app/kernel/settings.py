"""Settings of the installation: one frozen value, read once from the environment."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_SPF_MECHANISM = re.compile(r"(include|a|mx|ip4|ip6|exists):[A-Za-z0-9._:/-]{1,200}")
_HOST_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class SettingsInvalid(Exception):
    """The environment lacks or garbles settings; `problems` lists every one of them at once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("Settings cannot be used:\n" + "\n".join(f"  - {problem}" for problem in problems))


@dataclass(frozen=True)
class Key:
    """One signing key; `id` (0-255) travels in every token it signs."""

    id: int
    secret: bytes


@dataclass(frozen=True)
class Settings:
    """Everything an operator may decide from outside. Times in seconds unless said."""

    database_url: str
    redis_url: str
    smtp_url: str
    public_url: str
    secret_keys: tuple[Key, ...]
    var_dir: Path
    spool_dir: Path
    # Where pictures of mails are kept; "" is a folder under `var_dir`.
    media_url: str = ""
    clock_file: Path | None = None
    # What the operator tells everybody who is signed in; `assent announce` writes it.
    announcement_file: Path | None = None
    workers: int = 3
    # Jobs of one workspace that may be under way at once in one queue, so that the others get their share.
    jobs_per_workspace: int = 2
    # How long a mail server that a workspace named may keep a sender waiting for one reply.
    relay_timeout: int = 10
    # How long the gate's decisions about each message are kept.
    decisions_kept_days: int = 400
    catcher_url: str | None = None
    inbound_domain: str | None = None
    # How many connections one address (of IPv6, one network) may hold open to the intake.
    intake_connections_per_address: int = 20
    authserv_id: str | None = None
    environment: str = "production"
    trusted_proxies: int = 0
    allow_private_relays: bool = False
    mail_from: str | None = None
    allow_unproved_senders: bool = False
    dns_servers: tuple[tuple[str, int], ...] = ()
    spf_mechanism: str | None = None
    pool_size: int = field(default=8)
    web_threads: int = 12

    @property
    def is_secure(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def media(self) -> str:
        """The URL of the store of pictures."""
        return self.media_url or (self.var_dir / "media").as_uri()

    @property
    def own_address(self) -> str:
        """The address of the installation itself: what it writes to staff is from here, and comes back here."""
        return self.mail_from or f"no-reply@{_mail_host(self.public_url)}"


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings, or raise SettingsInvalid with the full list of what is missing or wrong.

    SECRET_KEYS is `id:hex[,id:hex...]`, newest first: the first signs, all verify.
    """
    env = os.environ if environ is None else environ
    problems: list[str] = []
    var_dir = Path(env.get("VAR_DIR", "var")).absolute()
    values = Settings(
        database_url=_url(env, "DATABASE_URL", ("postgresql",), problems),
        redis_url=_url(env, "REDIS_URL", ("redis", "rediss", "unix"), problems),
        smtp_url=_url(env, "SMTP_URL", ("smtp", "smtps", "smtp+starttls"), problems),
        public_url=_url(env, "PUBLIC_URL", ("http", "https"), problems).rstrip("/"),
        secret_keys=_keys(env, problems),
        var_dir=var_dir,
        spool_dir=Path(env.get("SPOOL_DIR", str(var_dir / "spool"))).absolute(),
        media_url=_url(env, "MEDIA_URL", ("file", "s3"), problems) if env.get("MEDIA_URL") else "",
        clock_file=Path(env["CLOCK_FILE"]).absolute() if env.get("CLOCK_FILE") else None,
        announcement_file=Path(env.get("ANNOUNCEMENT_FILE", str(var_dir / "announcement.json"))).absolute(),
        workers=_count(env, "WORKERS", 3, problems, least=1),
        jobs_per_workspace=_count(env, "JOBS_PER_WORKSPACE", 2, problems, least=1),
        relay_timeout=_count(env, "RELAY_TIMEOUT", 10, problems, least=1),
        decisions_kept_days=_count(env, "DECISIONS_KEPT_DAYS", 400, problems, least=30),
        catcher_url=env.get("CATCHER_URL"),
        inbound_domain=env.get("INBOUND_DOMAIN"),
        intake_connections_per_address=_count(env, "INTAKE_CONNECTIONS_PER_ADDRESS", 20, problems, least=1),
        authserv_id=env.get("AUTHSERV_ID") or None,
        environment=env.get("ENVIRONMENT", "production"),
        trusted_proxies=_count(env, "TRUSTED_PROXIES", 0, problems),
        allow_private_relays=_switch(env, "ALLOW_PRIVATE_RELAYS", problems),
        mail_from=_mailbox(env, "MAIL_FROM", problems),
        allow_unproved_senders=_switch(env, "ALLOW_UNPROVED_SENDERS", problems),
        dns_servers=_servers(env, "DNS_SERVERS", problems),
        spf_mechanism=_mechanism(env, "SPF_MECHANISM", problems),
        pool_size=_count(env, "POOL_SIZE", 8, problems),
        web_threads=_count(env, "WEB_THREADS", 12, problems),
    )
    if problems:
        raise SettingsInvalid(problems)
    return values


def new_key(key_id: int = 1) -> str:
    """Return a fresh `id:hex` for SECRET_KEYS."""
    return f"{key_id}:{secrets.token_hex(32)}"


def _url(env: Mapping[str, str], name: str, schemes: tuple[str, ...], problems: list[str]) -> str:
    value = env.get(name, "")
    if not value:
        problems.append(f"{name} is missing (a URL starting with {' or '.join(f'{s}://' for s in schemes)})")
    elif urlsplit(value).scheme.split("+psycopg")[0] not in schemes:
        problems.append(f"{name} must start with {' or '.join(f'{s}://' for s in schemes)}")
    return value


def _keys(env: Mapping[str, str], problems: list[str]) -> tuple[Key, ...]:
    keys = []
    for part in filter(None, env.get("SECRET_KEYS", "").split(",")):
        key_id, _, hexed = part.strip().partition(":")
        try:
            key = Key(int(key_id), bytes.fromhex(hexed))
        except ValueError:
            problems.append("SECRET_KEYS must be id:hex, id:hex, ... (make one with `assent new-key`)")
            continue
        if not 0 <= key.id <= 255 or len(key.secret) < 32:
            problems.append("SECRET_KEYS: ids are 0-255 and every key has at least 32 bytes")
        keys.append(key)
    if not keys and not any("SECRET_KEYS" in problem for problem in problems):
        problems.append("SECRET_KEYS is missing (make one with `assent new-key`)")
    if len({key.id for key in keys}) != len(keys):
        problems.append("SECRET_KEYS repeats a key id")
    return tuple(keys)


def _count(env: Mapping[str, str], name: str, default: int, problems: list[str], *, least: int = 0) -> int:
    value = env.get(name, str(default))
    if not (value.isascii() and value.isdigit() and int(value) >= least):
        problems.append(f"{name} must be a whole number{f' of at least {least}' if least else ''}, not {value!r}")
        return default
    return int(value)


def _mailbox(env: Mapping[str, str], name: str, problems: list[str]) -> str | None:
    value = env.get(name) or None
    if value and not _MAILBOX.fullmatch(value):
        problems.append(f"{name} must be one email address, not {value!r}")
        return None
    return value


def _servers(env: Mapping[str, str], name: str, problems: list[str]) -> tuple[tuple[str, int], ...]:
    """Read `address[:port], ...`; an IPv6 address with a port stands in brackets."""
    found = []
    for part in filter(None, (word.strip() for word in env.get(name, "").split(","))):
        host, _, port = part.rpartition(":") if "]:" in part or part.count(":") == 1 else (part, "", "53")
        try:
            found.append((str(ip_address(host.strip("[]"))), int(port)))
        except ValueError:
            problems.append(f"{name} must be addresses of name servers, not {part!r}")
    return tuple(found)


def _mechanism(env: Mapping[str, str], name: str, problems: list[str]) -> str | None:
    value = env.get(name) or None
    if value and not _SPF_MECHANISM.fullmatch(value):
        problems.append(f"{name} must be one SPF mechanism, such as include:_spf.example.com, not {value!r}")
        return None
    return value


def _mail_host(url: str) -> str:
    """Return the host of a URL as the domain of an address; one that is written in numbers has no mail."""
    host = urlsplit(url).hostname or ""
    return host if _HOST_NAME.fullmatch(host) else "localhost"


def _switch(env: Mapping[str, str], name: str, problems: list[str]) -> bool:
    value = env.get(name) or "0"
    if value not in ("0", "1"):
        problems.append(f"{name} must be 0 or 1, not {value!r}")
    return value == "1"
