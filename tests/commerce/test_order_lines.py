"""The rows of one order, wherever in the file they stand, are one purchase with the sum of their amounts."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.commerce import orders
from app.commerce.imports.kind import Purchases
from app.commerce.imports.orders import PurchaseRow, lines_of
from app.commerce.imports.staging import PurchaseStage
from app.commerce.models import Order, OrderLine, Product
from app.commerce.orders import NewLine, NewOrder, NewRefund
from app.commerce.products import NamedProduct
from app.customers.imports import running, steps
from app.customers.imports.kinds import ImportKinds
from app.customers.imports.models import RefusedRow
from app.customers.imports.previewing import checking
from app.customers.profiles import engagement, people
from app.kernel.clock import FixedClock
from tests.factories import NOON
from tests.factories.application.extending import carrying
from tests.factories.customers import an_uploaded_file, import_file, outcome_of

HEADER = "email,order number,date,amount,currency,items,product\n"
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def purchases_of(database, workspace_id):
    with database.transaction(workspace_id) as session:
        rows = session.scalars(select(Order).where(Order.workspace_id == workspace_id)).all()
        return {row.order_ref: (row.amount, row.currency, row.items, row.product) for row in rows}


def refused_in(database, workspace_id, import_id):
    with database.transaction(workspace_id) as session:
        kept = session.scalars(select(RefusedRow).where(RefusedRow.import_id == import_id).order_by(RefusedRow.row))
        return [(row.row, row.reason) for row in kept]


def test_rows_of_one_order_are_added_up(database, workspace):
    done = import_file(
        database,
        workspace.id,
        HEADER
        + "ada@b.co,1,2026-01-05,10.50,EUR,2,Tea\nada@b.co,1,2026-01-05,4.50,EUR,1,Cup\n"
        + "bob@b.co,2,2026-01-06,1,EUR,1,Cup\nada@b.co,1,2026-01-05,-3,EUR,1,Tea\n",
        kind="purchases",
        unknown="create",
    )

    assert done.counts == {"created": 2, "people_created": 2, "joined": 2}
    assert purchases_of(database, workspace.id) == {
        "1": (Decimal("12.00"), "EUR", 4, "Tea, Cup"),
        "2": (Decimal("1.00"), "EUR", 1, "Cup"),
    }
    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@b.co")
        sums = engagement.get(session, workspace.id, ada.id)
    assert (sums.orders, sums.spent, sums.items) == (1, Decimal("12.00"), 4)


def test_what_only_the_first_row_says_holds_for_the_order(database, workspace):
    """Shopify writes the customer, the total and the currency into the first row of an order alone."""
    content = HEADER + "ada@b.co,#1,2026-01-05,15,USD,1,Tea\n,#1,,,,1,Cup\n,#1,,,,1,\n"
    done = import_file(database, workspace.id, content, kind="purchases", unknown="create")

    assert done.counts == {"created": 1, "people_created": 1, "joined": 2}
    assert purchases_of(database, workspace.id) == {"#1": (Decimal("15.00"), "USD", 3, "Tea, Cup")}


def test_a_total_repeated_in_each_row_counts_once(database, workspace):
    """WooCommerce repeats the order's total; rows that repeat different ones are no order."""
    content = HEADER + "a@b.co,1,2026-01-05,15,EUR,1,Tea\na@b.co,1,2026-01-05,15,EUR,2,Cup\n"
    content += "a@b.co,2,2026-01-05,15,EUR,1,Tea\na@b.co,2,2026-01-05,16,EUR,2,Cup\n"
    done = import_file(database, workspace.id, content, kind="purchases", unknown="create", order_rows="total")

    assert purchases_of(database, workspace.id) == {"1": (Decimal("15.00"), "EUR", 3, "Tea, Cup")}
    assert refused_in(database, workspace.id, done.id) == [(4, "order_mixed"), (5, "order_mixed")]


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        ("a@b.co,1,2026-01-05,1,EUR,1,\nc@b.co,1,2026-01-05,1,EUR,1,\n", ["order_mixed", "order_mixed"]),
        ("a@b.co,1,2026-01-05,1,EUR,1,\na@b.co,1,2026-01-05,1,USD,1,\n", ["order_mixed", "order_mixed"]),
        ("a@b.co,1,2026-01-05,1,EUR,1,\na@b.co,1,2026-01-05,abc,EUR,1,\n", ["order_line", "amount"]),
        ("a@b.co,1,2026-01-05,abc,EUR,1,\na@b.co,1,2026-01-05,1,EUR,1,\n", ["amount", "order_line"]),
        ("a@b.co,1,2026-01-05,1,EUR,1,\na@b.co,1,2026-01-05\n", ["order_line", "ragged"]),
        ("a@b.co,1,,1,EUR,1,\na@b.co,1,,1,EUR,1,\n", ["date", "date"]),
        (",1,2026-01-05,1,EUR,1,\n,1,2026-01-05,1,EUR,1,\n", ["nobody", "nobody"]),
        ("a@b.co,1,2026-01-05,,EUR,1,\n", ["amount"]),
    ],
)
def test_an_order_is_taken_whole_or_not_at_all(database, workspace, rows, reasons):
    """A sum without one of its rows would be wrong, and nobody would see it."""
    import_file(database, workspace.id, "email\na@b.co\nc@b.co\n")
    done = import_file(database, workspace.id, HEADER + rows, kind="purchases")

    assert [reason for _, reason in refused_in(database, workspace.id, done.id)] == reasons
    assert purchases_of(database, workspace.id) == {}
    with database.transaction(workspace.id) as session:
        kept = session.scalars(select(RefusedRow).where(RefusedRow.import_id == done.id)).all()
    assert all(row.cells[1] == "1" for row in kept)


def test_an_unknown_persons_order_is_given_back_with_all_its_rows(database, workspace):
    content = HEADER + "x@b.co,1,2026-01-05,1,EUR,1,\ny@b.co,2,2026-01-05,1,EUR,1,\nx@b.co,1,2026-01-05,1,EUR,1,\n"
    import_id = an_uploaded_file(database, workspace.id, content, kind="purchases")
    running.run(database, FixedClock(NOON), workspace.id, import_id, rows=2)

    assert refused_in(database, workspace.id, import_id) == [(2, "unknown"), (3, "unknown"), (4, "unknown")]
    assert outcome_of(database, workspace.id, import_id).counts == {"refused": 3}


class _Killed(Exception):
    """What a test raises where a process would have died."""


class DyingStage(PurchaseStage):
    """Dies when the given batch is written and not committed."""

    dies_at = 0

    def take_over(self, *given, **named):
        outcome = super().take_over(*given, **named)
        self.dies_at -= 1
        if self.dies_at < 0:
            raise _Killed
        return outcome


class DyingPurchases(Purchases):
    """Purchases as a kind of import, whose run dies."""

    def __init__(self, dies_at):
        self.dies_at = dies_at

    def stage(self, found, options):
        stage = DyingStage(found, options)
        stage.dies_at = self.dies_at
        return stage


LINES = st.lists(
    st.tuples(st.integers(1, 6), st.integers(-500, 99_999), st.integers(1, 9), st.sampled_from(["Tea", "Cup", ""])),
    min_size=1,
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(lines=LINES, rows=st.integers(1, 7), dies_at=st.integers(0, 4))
def test_whatever_the_order_of_rows_and_whenever_it_is_killed(database, workspace, lines, rows, dies_at):
    """However batches fall, each order is summed up once, and a second import of the file changes nothing."""
    with database.transaction(workspace.id) as session:
        session.execute(text("DELETE FROM orders"))
    content = HEADER + "".join(
        f"p{order}@b.co,{order},2026-01-0{order},{cents / 100},EUR,{items},{product}\n"
        for order, cents, items, product in lines
    )
    import_id = an_uploaded_file(database, workspace.id, content, kind="purchases", unknown="create")
    dying = carrying(database, ImportKinds((DyingPurchases(dies_at),)))
    try:
        running.run(dying, FixedClock(NOON), workspace.id, import_id, rows=rows)
    except _Killed:
        running.run(database, FixedClock(NOON), workspace.id, import_id, rows=rows)
    wanted = defaultdict(lambda: [Decimal(0), 0, []])
    for order, cents, items, product in lines:
        told = wanted[str(order)]
        told[0] += Decimal(cents) / 100
        told[1] += items
        told[2] += [product] if product and product not in told[2] else []

    expected = {key: (told[0], "EUR", told[1], ", ".join(told[2]) or None) for key, told in wanted.items()}
    assert purchases_of(database, workspace.id) == expected
    assert outcome_of(database, workspace.id, import_id).counts["created"] == len(wanted)

    again = an_uploaded_file(database, workspace.id, content, kind="purchases")
    with database.transaction(workspace.id) as session:
        found = steps.get(session, workspace.id, again)
        found.state = "mapped"
        steps.check(session, found)
    checking.check(database, FixedClock(NOON), workspace.id, again, rows=rows)
    foreseen = outcome_of(database, workspace.id, again).rehearsal["counts"]
    assert {name: foreseen.get(name, 0) for name in ("created", "updated", "unchanged", "refused")} == {
        **dict.fromkeys(("created", "updated", "refused"), 0),
        "unchanged": len(wanted),
    }


def test_the_guess_tells_repeated_totals_from_parts(database, workspace):
    """Two rows of one price are parts of an order; totals repeat in all of them."""
    kind, meant = Purchases(), {"1": "order_ref", "3": "amount"}
    repeated = [["a@b.co", str(number // 2), "2026-01-05", str(number // 2 + 10)] for number in range(12)]
    parts = [["a@b.co", str(number // 2), "2026-01-05", str(number)] for number in range(12)]
    with database.transaction(workspace.id) as session:
        told = [kind.first_options(session, workspace.id, meant, rows) for rows in (repeated, parts, repeated[:2])]

    assert [options.get("order_rows", "sum") for options in told] == ["total", "sum", "sum"]


SHOP = "name,email,created at,total,currency,lineitem quantity,lineitem name,lineitem price,lineitem sku,product type\n"


def lines_in(session, workspace_id):
    query = (
        select(Order.order_ref, Product.ref, Product.name, Product.category, OrderLine.quantity, OrderLine.amount)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Product, Product.id == OrderLine.product_id)
        .where(Order.workspace_id == workspace_id)
        .order_by(Order.order_ref, OrderLine.number)
    )
    return [tuple(row) for row in session.execute(query)]


def test_a_shop_s_export_brings_products_and_lines_with_their_prices(database, workspace):
    """The total stands in the first row of an order; the other rows tell their product alone."""
    content = (
        SHOP
        + "#1001,ada@b.co,2026-01-05,24.00,EUR,2,Tea,9.50,T-1,Drinks/Tea\n#1001,,,,,1,Cup,5.00,C-1,Kitchen\n"
        + "#1002,bob@b.co,2026-01-06,9.50,EUR,1,Tea,9.50,T-1,\n"
    )
    done = import_file(database, workspace.id, content, kind="purchases", unknown="create")

    assert done.counts == {"created": 2, "people_created": 2, "joined": 1}
    with database.transaction(workspace.id) as session:
        assert lines_in(session, workspace.id) == [
            ("#1001", "T-1", "Tea", "Drinks > Tea", 2, Decimal("19.00")),
            ("#1001", "C-1", "Cup", "Kitchen", 1, Decimal("5.00")),
            ("#1002", "T-1", "Tea", "Drinks > Tea", 1, Decimal("9.50")),
        ]
    again = import_file(database, workspace.id, content, kind="purchases", unknown="create")
    assert again.counts == {"unchanged": 2, "joined": 1}


def test_a_corrected_order_has_the_lines_of_its_latest_account(database, workspace):
    first = HEADER + "ada@b.co,1,2026-01-05,10,EUR,1,Tea\nada@b.co,1,2026-01-05,4,EUR,1,Cup\n"
    import_file(database, workspace.id, first, kind="purchases", unknown="create")
    corrected = HEADER + "ada@b.co,1,2026-01-05,30,EUR,3,Pot\n"
    import_file(database, workspace.id, corrected, kind="purchases")

    with database.transaction(workspace.id) as session:
        assert lines_in(session, workspace.id) == [("1", "Pot", "Pot", "", 3, Decimal("30.00"))]


@given(
    total=st.decimals(min_value=0, max_value=10**6, places=2),
    pieces=st.lists(st.integers(1, 50), min_size=1, max_size=20),
)
def test_shares_of_a_repeated_total_add_up_to_it(total, pieces):
    rows = [PurchaseRow(n, "a@b.co", "a@b.co", "1", NOON, str(total), "EUR", count, f"P{n}") for n, count in
            enumerate(pieces)]  # fmt: skip
    lines = lines_of(rows, str(total), repeats_total=True)

    assert sum(Decimal(line.amount) for line in lines) == total
    assert [line.quantity for line in lines] == pieces


def told_by_program(database, workspace, *lines, refund=None):
    """Ada's order 1 of 30 euros, as the shop's program told it."""
    with database.transaction(workspace.id) as session:
        ada = people.upsert(session, workspace.id, email="ada@b.co", fields={}, source="api:1", now=NOON)
        new = NewOrder(ada.id, "1", NOON, Decimal(30), "EUR", lines=lines)
        orders.record(session, workspace.id, new, now=NOON)
        if refund:
            orders.refund(session, workspace.id, "1", refund, now=NOON)
        return ada.id


def test_an_order_of_which_more_was_refunded_than_the_file_says_is_given_back(database, workspace):
    """The rest of the file is taken over, and the preview says the same."""
    told_by_program(database, workspace, refund=NewRefund("r", Decimal(20), NOON))
    content = HEADER + "ada@b.co,1,2026-01-05,10,EUR,1,Tea\nada@b.co,2,2026-01-06,5,EUR,1,Tea\n"
    done = import_file(database, workspace.id, content, kind="purchases")

    assert done.counts == {"created": 1, "refused": 1}
    assert refused_in(database, workspace.id, done.id) == [(2, "order_refunded")]


def test_a_file_takes_nothing_away_that_a_program_told_of_lines(database, workspace):
    line = NewLine(NamedProduct("T-1", "Tea"), 3, Decimal(30), cost=Decimal(9))
    told_by_program(database, workspace, line, refund=NewRefund("r", Decimal(10), NOON, None, {1: 1}))
    header = "email,order number,date,amount,currency,items,product,sales channel\n"
    done = import_file(database, workspace.id, header + "ada@b.co,1,2026-03-02,30,EUR,3,Tea,web\n", kind="purchases")

    assert done.counts == {"updated": 1}
    with database.transaction(workspace.id) as session:
        kept = session.scalars(select(OrderLine)).one()
        assert (kept.quantity, kept.returned, kept.cost) == (3, 1, Decimal("9.00"))
        assert kept.purchased_at == session.scalars(select(Order.purchased_at)).one()
        assert session.scalars(select(Order.channel)).one() == "web"


def test_an_order_without_products_gets_them_from_a_later_file(database, workspace):
    plain = "email,order number,date,amount,currency\nada@b.co,1,2026-01-05,10,EUR\n"
    import_file(database, workspace.id, plain, kind="purchases", unknown="create")
    named = "email,order number,date,amount,currency,sku\nada@b.co,1,2026-01-05,10,EUR,T-1\n"
    done = import_file(database, workspace.id, named, kind="purchases")

    assert done.counts == {"updated": 1}
    with database.transaction(workspace.id) as session:
        assert lines_in(session, workspace.id) == [("1", "T-1", "T-1", "", 1, Decimal("10.00"))]
    assert import_file(database, workspace.id, named, kind="purchases").counts == {"unchanged": 1}


def test_prices_and_orders_beyond_all_bounds_are_given_back(database, workspace):
    header = "email,order number,date,amount,currency,items,product,unit price\n"
    rows = "ada@b.co,1,2026-01-05,10,EUR,1,Tea,4006381333931\nada@b.co,2,2026-01-05,10,EUR,1,Tea,9.50\n"
    long = "".join(f"ada@b.co,3,2026-01-05,1,EUR,1,Tea {n},1\n" for n in range(501))
    done = import_file(database, workspace.id, header + rows + long, kind="purchases", unknown="create")

    assert done.counts["created"] == 1
    assert {reason for _, reason in refused_in(database, workspace.id, done.id)} == {"amount", "order_long"}


def test_a_total_that_stands_in_the_first_row_alone_is_shared_out(database, workspace):
    content = HEADER + "ada@b.co,1,2026-01-05,30,EUR,1,Tea\nada@b.co,1,,,,2,Cup\n"
    import_file(database, workspace.id, content, kind="purchases", unknown="create")

    with database.transaction(workspace.id) as session:
        assert [line[-1] for line in lines_in(session, workspace.id)] == [Decimal("10.00"), Decimal("20.00")]


def test_a_number_with_a_line_break_is_read_as_one_line(database, workspace):
    import_file(database, workspace.id, "email,customer number\nada@b.co,12 34\n")
    content = 'customer number,date,amount\n"12\n34",2026-01-05,10\n'
    done = import_file(database, workspace.id, content, kind="purchases", match_by="external_ref")

    assert done.counts == {"created": 1}
