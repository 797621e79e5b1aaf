"""Where the files of images are kept: a folder, or a store that speaks S3, by the URL of the settings."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit
from urllib.request import url2pathname

import obstore
from obstore.store import LocalStore, S3Store

from app.kernel.settings import Settings

Store = LocalStore | S3Store
_NAME = re.compile(r"([a-z2-7]{26})\.(jpg|png|gif)")
# A campaign's pictures are asked for by everybody at once; none is larger than a megabyte.
_HELD = 64


@lru_cache(maxsize=4)
def open_store(url: str) -> Store:
    """Return the store behind `file:///...` or `s3://bucket/prefix`, one for all threads of a process.

    Access to S3 is read from the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`,
    `AWS_ENDPOINT_URL` and the like).
    """
    if url.startswith("s3://"):
        return S3Store.from_url(url, client_options={"timeout": "20s", "connect_timeout": "5s"})
    return LocalStore(url2pathname(urlsplit(url).path), mkdir=True)


def of(settings: Settings) -> Store:
    """Return the store of this installation."""
    return open_store(settings.media)


def is_name(name: str) -> bool:
    """Say whether a file could be called so."""
    return _NAME.fullmatch(name) is not None


def write(store: Store, name: str, data: bytes) -> None:
    """Keep a file; what has a name never changes."""
    obstore.put(store, _key(name), data)


def read(store: Store, name: str) -> bytes:
    """Return a file; raise FileNotFoundError."""
    return bytes(obstore.get(store, _key(name)).bytes())


def read_held(url: str, name: str) -> bytes:
    """Return a file, from memory where it was asked for lately; raise FileNotFoundError."""
    return _held(url, name)


@lru_cache(maxsize=_HELD)
def _held(url: str, name: str) -> bytes:
    return read(open_store(url), name)


def _key(name: str) -> str:
    """Return where the file is: folders of a hundred thousand files are slow to look through."""
    return f"images/{name[:2]}/{name}"
