"""The WSGI environment (PEP 3333) of a request that came by RSGI, for the gateway."""

from __future__ import annotations

import sys
from typing import Any, Protocol

Environ = dict[str, Any]


class Headers(Protocol):
    """The header lines of a request; names in lower case."""

    def get(self, key: str, default: Any = None) -> Any: ...

    def items(self) -> list[tuple[str, str]]: ...


class Scope(Protocol):
    """What RSGI says of a request."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str

    @property
    def headers(self) -> Headers: ...


class FileWrapper:
    """What an application answers with when it sends a file: the server reads it, no thread does."""

    def __init__(self, file: Any, _block_size: int = 8192) -> None:
        self._file = file
        self.path: str = file.name
        self.close = file.close

    def __iter__(self) -> FileWrapper:
        return self

    def __next__(self) -> bytes:
        data: bytes = self._file.read(65536)
        if not data:
            raise StopIteration
        return data


def of(scope: Scope) -> Environ:
    """Return the request but its body. Header names with an underscore are left out: they would pass for others."""
    name, port = _parted(scope.server)
    environ: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "replace").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": name,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": remote_address(scope),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    for key, value in scope.headers.items():
        if "_" in key or key in ("content-length", "transfer-encoding"):
            continue
        header = "CONTENT_TYPE" if key == "content-type" else f"HTTP_{key.upper().replace('-', '_')}"
        joined = "; " if key == "cookie" else ","
        environ[header] = f"{environ[header]}{joined}{value}" if header in environ else value
    return environ


def remote_address(scope: Scope) -> str:
    """Return the address of whoever is connected, without its port."""
    return _parted(scope.client)[0]


def announced_bytes(headers: Headers) -> int | None:
    """Return how long the body will be: 0 without one, None when only its end will tell."""
    if headers.get("transfer-encoding"):
        return None
    length = str(headers.get("content-length") or "0")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else sys.maxsize


def _parted(address: str) -> tuple[str, str]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), port
