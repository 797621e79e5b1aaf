"""Owned items as a kind of import."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.commerce.imports.owned_items import undoing
from app.commerce.owned_items.items import CONDITIONS, EARLIEST, LATEST
from app.customers.imports.declared import columns, finding
from app.customers.imports.declared.columns import Column, Unreadable
from app.customers.imports.declared.declaration import Declaration, Known
from app.customers.imports.declared.kind import DeclaredKind
from app.customers.imports.declared.rows import Told, Unfit
from app.customers.imports.mapping.mapping import MappingRefused, Options
from app.customers.imports.models import Import
from app.customers.imports.refused import NOBODY
from app.customers.imports.undoing.piece import Piece
from app.customers.words import LABELS
from app.kernel.translatable import N_

_STAGE = "owned_item_stage"
_CONDITIONS = {
    "new": "neu, neuf, nuevo, nuovo, brand new, 全新, 新",
    "used": "second hand, second-hand, pre-owned, refurbished, gebraucht, occasion, usado, usato, 二手, 旧",
}
assert tuple(_CONDITIONS) == CONDITIONS


def _day(text: str, options: Options) -> date:
    found: date = columns.day(text, options)
    if not EARLIEST <= found <= LATEST:
        raise Unreadable("date")
    return found


_COLUMNS = (
    Column("email", LABELS["email"], columns.email),
    Column("external_ref", LABELS["external_ref"], columns.line()),
    Column("item_ref", N_("Number of the item"), columns.line()),
    Column("product_ref", N_("Product number (SKU)"), columns.line()),
    Column("item", N_("What it is"), columns.line()),
    Column("quantity", N_("Pieces"), columns.whole(1, 999_999, "items"), "bigint"),
    Column("condition", N_("New or used"), columns.one_of(columns.words_of(_CONDITIONS), "condition")),
    Column("since_on", N_("Owned since"), _day, "date"),
    Column("replace_on", N_("To be replaced on"), _day, "date"),
    Column("life_days", N_("Usual life in days"), columns.whole(1, 36_500, "life_days"), "bigint"),
    Column("warranty_until", N_("Warranty until"), _day, "date"),
    Column("service_until", N_("Service contract until"), _day, "date"),
    Column("finance_until", N_("Finance contract until"), _day, "date"),
    Column("serial_number", N_("Serial number"), columns.line()),
    Column("ended_on", N_("Owned until"), _day, "date"),
)
_PLAIN = (
    *("quantity", "condition", "since_on", "replace_on", "life_days", "warranty_until", "service_until"),
    *("finance_until", "serial_number", "ended_on"),
)
_FOUND_BY = "t.id = s.known_id"
_OPEN = "s.outcome = 'created'"


def _news(told: set[str], options: Options) -> Mapping[str, str]:
    order = "coalesce(t.{kept}, s.{said})" if options.conflict == "fill" else "coalesce(s.{said}, t.{kept})"
    kept = {name: name for name in _PLAIN if name in told}
    kept |= {name: said for name, said in (("ref", "item_ref"), ("product_id", "product_ref")) if said in told}
    news = {name: order.format(kept=name, said="product_id" if name == "product_id" else said)
            for name, said in kept.items()}  # fmt: skip
    if "item" in told:
        # Of a product it is called as the product is, until somebody says otherwise.
        order = "coalesce(nullif(t.name, ''), s.item)" if options.conflict == "fill" else "coalesce(s.item, t.name)"
        news["name"] = order
    return news


_DECLARED = Declaration(
    stage=_STAGE,
    columns=_COLUMNS,
    further={"customer_id": "bigint", "product_id": "bigint", "product_name": "text", "known_id": "bigint"},
    settle=(
        finding.people(_STAGE),
        # Products that nobody knew are made, as orders make them; a rehearsal gives them a number that none has.
        f"""INSERT INTO products (workspace_id, ref, name, category, created_at, updated_at, import_id)
            SELECT DISTINCT ON (s.product_ref) CAST(:w AS bigint), s.product_ref, coalesce(s.item, s.product_ref), '',
                   CAST(:now AS timestamptz), CAST(:now AS timestamptz), CAST(:import_id AS bigint)
            FROM {_STAGE} s WHERE s.product_ref IS NOT NULL AND {_OPEN} AND NOT CAST(:rehearse AS boolean)
            ORDER BY s.product_ref, s.item IS NULL, s.row ON CONFLICT (workspace_id, ref) DO NOTHING""",
        f"""UPDATE {_STAGE} s SET product_id = coalesce(p.id, -1), product_name = coalesce(p.name, s.product_ref)
            FROM {_STAGE} r LEFT JOIN products p ON p.workspace_id = :w AND p.ref = r.product_ref
            WHERE r.row = s.row AND s.product_ref IS NOT NULL AND {_OPEN}""",
        f"""UPDATE {_STAGE} s SET known_id = i.id, detail = s.item_ref,
                outcome = CASE WHEN i.customer_id <> s.customer_id THEN 'item_of_other' ELSE s.outcome END
            FROM owned_items i WHERE i.workspace_id = :w AND i.ref = s.item_ref AND {_OPEN}""",
        # Without a number it is known by its serial number, else by what it is and since when.
        f"""UPDATE {_STAGE} s SET known_id = m.id FROM (
                SELECT r.row, min(i.id) AS id FROM {_STAGE} r
                JOIN owned_items i ON i.workspace_id = :w AND i.customer_id = r.customer_id AND i.ref IS NULL
                    AND CASE WHEN r.serial_number IS NOT NULL AND i.serial_number IS NOT NULL
                        THEN i.serial_number = r.serial_number
                        ELSE i.since_on IS NOT DISTINCT FROM r.since_on
                            AND (i.product_id = r.product_id
                                 OR (r.product_id IS NULL AND lower(i.name) = lower(r.item)))
                        END
                WHERE r.known_id IS NULL GROUP BY r.row) m
            WHERE m.row = s.row AND {_OPEN}""",
        # Of several with numbers of their own one is the one that is known, and the others are new.
        f"""UPDATE {_STAGE} s SET known_id = NULL FROM (
                SELECT row, mark, first_value(mark) OVER (PARTITION BY known_id ORDER BY row) AS first FROM (
                    SELECT row, known_id, coalesce('#' || item_ref, serial_number) AS mark FROM {_STAGE} s
                    WHERE known_id IS NOT NULL AND {_OPEN}) marked) m
            WHERE m.row = s.row AND m.mark IS DISTINCT FROM m.first""",
        f"""UPDATE {_STAGE} s SET outcome = 'repeated' FROM (
                SELECT row, row_number() OVER (PARTITION BY known_id ORDER BY row) AS place FROM {_STAGE} s
                WHERE known_id IS NOT NULL AND {_OPEN}) m
            WHERE m.row = s.row AND m.place > 1""",
        f"""UPDATE {_STAGE} s SET outcome = 'item_name', detail = s.item_ref
            WHERE known_id IS NULL AND item IS NULL AND product_ref IS NULL AND {_OPEN}""",
    ),
    known=Known(
        "owned_items",
        _FOUND_BY,
        _news,
        shown={
            "ref": ("item_ref", "t.ref", "s.item_ref"),
            "name": ("item", "t.name", "s.item"),
            "product_id": (
                "product_ref",
                "(SELECT p.ref FROM products p WHERE p.workspace_id = :w AND p.id = t.product_id)",
                "s.product_ref",
            ),
        },
    ),
    keep=undoing.ITEMS.keep(_STAGE, _FOUND_BY),
    # What a file says stays when its order is told again.
    stamp=f"source = 'import', {undoing.STAMP}",
    write=(
        f"""INSERT INTO owned_items (workspace_id, customer_id, product_id, ref, name, quantity, condition, since_on,
                                     replace_on, life_days, warranty_until, service_until, finance_until, serial_number,
                                     ended_on, source, created_at, updated_at, import_id)
            SELECT :w, s.customer_id, s.product_id, s.item_ref, coalesce(s.item, s.product_name),
                   coalesce(s.quantity, 1), s.condition, s.since_on, s.replace_on, s.life_days, s.warranty_until,
                   s.service_until,
                   s.finance_until, s.serial_number, s.ended_on, 'import', CAST(:now AS timestamptz),
                   CAST(:now AS timestamptz), :import_id
            FROM {_STAGE} s WHERE {_OPEN} ORDER BY s.row""",
        # What its owner said; else as long after they got it as it, or its product, usually lasts.
        f"""UPDATE owned_items t SET due_on = coalesce(t.replace_on, t.since_on + CAST(coalesce(t.life_days, (
                SELECT p.life_days FROM products p WHERE p.workspace_id = :w AND p.id = t.product_id)) AS integer))
            FROM {_STAGE} s WHERE s.outcome IN ('created', 'updated') AND t.workspace_id = :w
              AND (t.id = s.known_id OR (s.known_id IS NULL AND t.customer_id = s.customer_id
                                         AND t.import_id = :import_id))""",
    ),
)


class OwnedItems(DeclaredKind):
    """One item of one customer a row, found by its number, else by serial number, else by what it is and since when."""

    name = "owned_items"
    label = N_("Owned items")
    description = N_("Owned items, with warranties and contracts")
    declared = _DECLARED
    known_by = ("email", "external_ref")
    hint = N_("Choose the column that holds the person's email address or customer number.")

    def check(self, chosen: set[str], options: Options) -> None:
        super().check(chosen, options)
        if not chosen & {"item", "product_ref", "item_ref"}:
            raise MappingRefused(N_("Choose the column that says what is owned: a name, or a product number."))

    def identify(self, told: Told) -> tuple[str, str]:
        who = told.get("external_ref") or told.get("email")
        if not who:
            raise Unfit(NOBODY, "email")
        if number := told.get("item_ref"):
            return f"#{number}", who
        if not told.keys() & {"item", "product_ref"}:
            raise Unfit("item_name", "item")
        what = told.get("serial_number") or f"{told.get('product_ref') or told.get('item')}\t{told.get('since_on')}"
        return f"{who}\t{what}", who

    def undo(self, session: Session, found: Import, *, after: int, now: datetime) -> Piece:  # noqa: ARG002
        return undoing.undo(session, found, after=after)
