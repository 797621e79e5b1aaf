"""A click is answered without Flask, Redis or, for links already seen, PostgreSQL; and gives nothing away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from app.consent.tokens import UnsubscribeToken
from app.delivery.tokens import MessageToken
from app.kernel.database import Database
from app.kernel.services import Services
from app.tracking.links import links
from app.tracking.links.links import TargetNotWeb
from app.tracking.tokens import ClickToken, OpenToken
from tests.factories import NOON
from tests.factories.tracking import Visit, a_hit_endpoint, await_a_waiting_lock, spooled, visit
from tests.factories.workspaces import WorkspaceForTests

SHOP = "https://shop.test/offer?utm=1&size=38#top"


@pytest.fixture
def token(services: Services, database: Database, workspace: WorkspaceForTests) -> str:
    """A click token of a send with two links."""
    with database.transaction(workspace.id) as session:
        links.register(session, workspace.id, 77, [SHOP, "http://shop.test/"], now=services.clock.now())
    return ClickToken(workspace.id, message_id=5, send_id=77, customer_id=9).encode(services.tokens)


def has_safe_headers(answer: Visit) -> bool:
    return (
        answer.headers["Referrer-Policy"] == "no-referrer"
        and "no-store" in answer.headers["Cache-Control"]
        and "Set-Cookie" not in answer.headers
    )


def test_a_click_leads_to_its_link_and_leaves_one_line(services: Services, token: str, tmp_path: Path) -> None:
    answer = visit(
        a_hit_endpoint(services, tmp_path), f"/t/c/{token}/0", ip="192.0.2.77", referer="https://mail.test/inbox?id=1"
    )

    assert (answer.status, answer.headers["Location"]) == (302, SHOP)
    assert has_safe_headers(answer)
    (line,) = spooled(tmp_path)
    assert (line.kind, line.message_id, line.send_id, line.customer_id, line.method) == ("click", 5, 77, 9, "GET")
    assert (line.ip, line.referer) == ("192.0.2.0/24", "https://mail.test")


def test_everybody_gets_the_same_image(services: Services, workspace: WorkspaceForTests, tmp_path: Path) -> None:
    endpoint = a_hit_endpoint(services, tmp_path)
    ids = [{"message_id": n, "send_id": 1, "customer_id": n} for n in (1, 2)]
    tokens = [OpenToken(workspace.id, **of).encode(services.tokens) for of in ids]
    answers = [visit(endpoint, f"/t/o/{token}.gif") for token in tokens]

    assert {len(answer.body) for answer in answers} == {43}
    assert answers[0] == answers[1]
    assert has_safe_headers(answers[0])


def test_a_head_request_is_recorded_as_such(services: Services, token: str, tmp_path: Path) -> None:
    answer = visit(a_hit_endpoint(services, tmp_path), f"/t/c/{token}/1", method="HEAD")

    assert (answer.status, answer.body) == (302, b"")
    assert [line.method for line in spooled(tmp_path)] == ["HEAD"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_do_nothing(services: Services, token: str, tmp_path: Path, method: str) -> None:
    assert visit(a_hit_endpoint(services, tmp_path), f"/t/c/{token}/0", method=method).status == 405
    assert spooled(tmp_path) == []


def test_forged_truncated_and_cross_purpose_tokens_are_not_found(
    services: Services, token: str, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    endpoint = a_hit_endpoint(services, tmp_path)
    other = "A" if token[20] != "A" else "B"
    opening = OpenToken(workspace.id, message_id=5, send_id=77, customer_id=9).encode(services.tokens)
    leaving = UnsubscribeToken(workspace.id, 5, 77, 9).encode(services.tokens)
    named = MessageToken(workspace.id, 5, 77, 9).encode(services.tokens)
    bad = [token[:20] + other + token[21:], token[:-1], "", "é" * len(token), opening, leaving, named]

    assert {visit(endpoint, f"/t/c/{wrong}/0").status for wrong in bad} == {404}
    assert visit(endpoint, f"/t/o/{token}.gif").status == 404
    assert {visit(endpoint, path).status for path in ("/t/", "/t/c/", "/t/x/1", f"/t/o/{opening}.png")} == {404}
    assert spooled(tmp_path) == []


@pytest.mark.parametrize("number", ["2", "-1", "1e3", "٣", "", "0/..", "99999999", "0?u=https://evil.test", "//a.test"])
def test_only_the_sends_own_links_can_be_reached(services: Services, token: str, tmp_path: Path, number: str) -> None:
    """No URL comes from the request, so there is no open redirect."""
    answer = visit(a_hit_endpoint(services, tmp_path), f"/t/c/{token}/{number}")

    assert answer.status == 404
    assert "Location" not in answer.headers


def test_header_injection_stays_in_its_line(services: Services, token: str, tmp_path: Path) -> None:
    hostile = 'x"}\r\nSet-Cookie: a=b\n["click",0,1]\x00\x1b[31m'
    answer = visit(a_hit_endpoint(services, tmp_path), f"/t/c/{token}/0", agent=hostile, referer=hostile)

    assert "Set-Cookie" not in answer.headers
    (line,) = spooled(tmp_path)
    assert line.agent == hostile.replace("\0", "")


def test_links_already_seen_need_no_database(services: Services, token: str, tmp_path: Path) -> None:
    """A second process that never saw the database finds them in the file the first one left."""
    visit(a_hit_endpoint(services, tmp_path), f"/t/c/{token}/0")
    away = replace(services, database=Database("postgresql://nobody@127.0.0.1:9/none"))

    assert visit(a_hit_endpoint(away, tmp_path), f"/t/c/{token}/1").status == 302


def test_new_sends_are_fetched_ahead(services: Services, token: str, tmp_path: Path) -> None:
    endpoint = a_hit_endpoint(services, tmp_path)
    endpoint._links.refresh()
    away = replace(services, database=Database("postgresql://nobody@127.0.0.1:9/none"))

    assert visit(a_hit_endpoint(away, tmp_path), f"/t/c/{token}/0").status == 302


def test_an_unseen_link_without_a_database_asks_to_try_again(services: Services, token: str, tmp_path: Path) -> None:
    away = replace(services, database=Database("postgresql://nobody@127.0.0.1:9/none"))
    answer = visit(a_hit_endpoint(away, tmp_path), f"/t/c/{token}/0")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")


def test_a_full_disk_costs_a_count_and_not_the_page(services: Services, token: str, tmp_path: Path) -> None:
    endpoint = a_hit_endpoint(services, tmp_path)
    visit(endpoint, f"/t/c/{token}/0")
    endpoint._spool._folder = tmp_path / "file" / "below"
    (tmp_path / "file").write_text("not a folder")
    endpoint._spool.close()

    assert visit(endpoint, f"/t/c/{token}/0").status == 302


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "//evil.test",
        "ftp://x.test/",
        "https://",
        "https://a b/",
        "mailto:a@b.test",
        "http://u:p@x.test/",
    ],
)
def test_only_web_pages_can_be_link_targets(
    services: Services, database: Database, workspace: WorkspaceForTests, url: str
) -> None:
    with pytest.raises(TargetNotWeb), database.transaction(workspace.id) as session:
        links.register(session, workspace.id, 1, [url], now=services.clock.now())


def test_registering_twice_is_once(services: Services, database: Database, workspace: WorkspaceForTests) -> None:
    with database.transaction(workspace.id) as session:
        first = links.register(session, workspace.id, 3, [SHOP, SHOP], now=services.clock.now())
        again = links.register(session, workspace.id, 3, [SHOP, SHOP], now=services.clock.now())

        assert [link.id for link in again] == [link.id for link in first]
        assert [link.position for link in again] == [0, 1]


def test_a_database_restored_from_a_backup_gives_old_ids_to_new_links(
    services: Services, database: Database, workspace: WorkspaceForTests, token: str, tmp_path: Path
) -> None:
    """Both processes have the old target in memory; one of them finds out, and the other follows."""
    first, second = (a_hit_endpoint(services, tmp_path) for _ in range(2))
    for endpoint in (first, second):
        endpoint._links.refresh()
        visit(endpoint, f"/t/c/{token}/0")
    with database.transaction(workspace.id) as session:
        session.execute(text("DELETE FROM links WHERE send_id = 77"))
        links.register(session, workspace.id, 77, ["https://shop.test/another"], now=services.clock.now())
    for endpoint in (first, second):
        endpoint._links.refresh()

    led_to = {visit(endpoint, f"/t/c/{token}/0").headers["Location"] for endpoint in (first, second)}
    assert led_to == {"https://shop.test/another"}
    assert visit(a_hit_endpoint(services, tmp_path), f"/t/c/{token}/1").status == 404


def test_lanes_that_register_at_once_share_the_links(
    services: Services, database: Database, workspace: WorkspaceForTests
) -> None:
    """Up to seven lanes compile the same send when it is launched; whoever comes second waits for the first."""

    def register(session: Session) -> list[int]:
        return [link.id for link in links.register(session, workspace.id, 4, [SHOP, SHOP], now=services.clock.now())]

    def register_too() -> list[int]:
        with database.transaction(workspace.id) as session:
            return register(session)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            first = register(session)
            waiting = pool.submit(register_too)
            await_a_waiting_lock(session)
        assert waiting.result() == first


def test_a_number_made_up_costs_no_more_than_a_click(services: Services, token: str, tmp_path: Path) -> None:
    """Each went to the file and to the database: eight times the cost of a click."""
    endpoint = a_hit_endpoint(services, tmp_path)
    asked: list[str] = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    answers = {visit(endpoint, f"/t/c/{token}/{number}").status for number in range(2, 202)}
    unknown = ClickToken(1, message_id=5, send_id=404, customer_id=9).encode(services.tokens)
    answers |= {visit(endpoint, f"/t/c/{unknown}/{number}").status for number in range(100)}

    assert answers == {404}
    assert sum("FROM links" in statement for statement in asked) < 10


def test_links_that_come_later_are_found(
    services: Services, database: Database, workspace: WorkspaceForTests, token: str, tmp_path: Path
) -> None:
    """What was not there a moment ago is fetched ahead with everything new."""
    endpoint = a_hit_endpoint(services, tmp_path)
    assert visit(endpoint, f"/t/c/{token}/2").status == 404
    with database.transaction(workspace.id) as session:
        links.register(session, workspace.id, 77, [SHOP, "http://shop.test/", "http://late.test/"], now=NOON)
    endpoint._links.refresh()

    assert visit(endpoint, f"/t/c/{token}/2").status == 302


@pytest.mark.parametrize("seed", range(40))
def test_no_header_and_no_path_breaks_an_answer(services: Services, token: str, tmp_path: Path, seed: int) -> None:
    """`Referer: http://[` and worse: whatever a program sends is answered, and what is spooled can be read."""
    dice = Random(seed)
    pieces = ["http://[", "http://[::1", "//", "\0", "é", "\xff", "%", "x" * 9000, "::1%eth0", "[", "]", ",", "1.2.3.4"]
    pieces += ["٣", "²", "1e9", "-1", "\r\n", '"', "{", "\x7f", " ", "unknown", "fe80::1%25", "0" * 400, "../"]

    def broken() -> str:
        return "".join(dice.choices(pieces, k=dice.randint(0, 4)))

    endpoint = a_hit_endpoint(services, tmp_path)
    endpoint._trusted_proxies = dice.randint(0, 2)
    for path in (f"/t/c/{token}/0", f"/t/c/{token}/{broken()}", f"/t/{broken()}", f"/t/o/{broken()}.gif"):
        environ = {
            "REQUEST_METHOD": dice.choice(("GET", "HEAD", "POST", "", broken())),
            "PATH_INFO": path,
            "REMOTE_ADDR": broken(),
            "HTTP_X_FORWARDED_FOR": broken(),
            "HTTP_USER_AGENT": broken(),
            "HTTP_REFERER": broken(),
        }
        given: list[str] = []
        b"".join(endpoint(environ, lambda status, _headers, given=given: given.append(status)))
        assert given[0][:3] in ("200", "302", "404", "405")

    assert len(spooled(tmp_path)) <= 3
