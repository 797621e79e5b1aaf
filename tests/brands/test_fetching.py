"""What staff paste the address of is fetched from the Internet alone, within a time and a size."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator

import pytest

from app.brands import fetching
from app.brands.fetching import NotFetched

PAGE = b"<html><title>Shop</title></html>"


class Website(http.server.BaseHTTPRequestHandler):
    """A website with a page, a file without end, and ways that lead elsewhere."""

    def do_GET(self) -> None:
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
        elif self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            try:
                while not self.server.is_over.wait(0.05):  # type: ignore[attr-defined]
                    self.wfile.write(b"x")
            except OSError:
                return
        else:
            self.send_response(404 if self.path == "/missing" else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(PAGE if self.path != "/large" else b"x" * 100_000)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def website() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Website)
    server.is_over = threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.is_over.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


def test_a_page_is_fetched_through_what_it_leads_on_to(website):
    found = fetching.within(60, may_be_private=True).fetch(f"{website}/to//page", most_bytes=1000)

    assert (found.data, found.media_type, found.url) == (PAGE, "text/html", f"{website}/page")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/", "http://127.0.0.1:6379/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/",
        "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "http://2130706433/", "http://0x7f.1/",
        "http://[fd00::1]/", "http://[64:ff9b::7f00:1]/", "http://192.168.1.1/",
    ],
)  # fmt: skip
def test_nothing_of_our_own_network_is_fetched(url):
    with pytest.raises(NotFetched) as refused:
        fetching.within(60).fetch(url, most_bytes=1000)

    assert "not on the Internet" in str(refused.value) or "no website" in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.com/", "javascript:alert(1)", "http://me:secret@example.com/", "http://", "x",
     "http://example.com/a b", "http://example.com/\r\nHost: evil", "http://[::1", "http://example.com:99999/"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(NotFetched) as refused:
        fetching.within(60).fetch(url, most_bytes=1000)

    assert "address of a web page" in str(refused.value)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/missing", "status 404"),
        ("/large", "too large"),
        ("/to//to//to//to//to//to//page", "without end"),
        ("/to/file:///etc/passwd", "address of a web page"),
    ],
)
def test_a_website_cannot_lead_astray(website, path, said):
    with pytest.raises(NotFetched) as refused:
        fetching.within(60, may_be_private=True).fetch(website + path, most_bytes=10_000)

    assert said in str(refused.value)


def test_who_sends_an_octet_now_and_then_is_left(website):
    """Each reading is quick; all of them together are not."""
    began = time.monotonic()
    with pytest.raises(NotFetched):
        fetching.within(1, may_be_private=True).fetch(f"{website}/drip", most_bytes=10**9)

    assert time.monotonic() - began < 60
