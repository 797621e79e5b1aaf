"""Stages checked purchases and merges them, with the sums of those who bought, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.commerce import products
from app.commerce.imports import samples, undoing
from app.commerce.imports.orders import PurchaseRow
from app.commerce.orders import names_of
from app.customers.addresses import queries
from app.customers.imports import adding
from app.customers.imports.adding import NewPerson
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.models import Import
from app.customers.imports.parsing.batches import Batch
from app.customers.imports.people_staging import Outcome
from app.customers.imports.previewing.samples import Seen
from app.customers.imports.undoing import changes
from app.customers.profiles import engagement, marks
from app.kernel import database

_STAGE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS purchase_stage (
        row bigint, key text COLLATE "C", email text, order_ref text, purchased_at timestamptz, amount numeric(14, 2),
        currency text, items bigint, product text, channel text, shop text, payment_method text, has_lines boolean
    ) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS purchase_line_stage (
        row bigint, number smallint, ref text, name text, category text, quantity bigint, amount numeric(14, 2)
    ) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS purchase_found (
        row bigint, order_id bigint, customer_id bigint, email text, order_ref text, purchased_at timestamptz,
        amount numeric(14, 2), currency text, items bigint, product text, channel text, shop text, payment_method text,
        has_lines boolean, outcome text
    ) ON COMMIT DELETE ROWS
"""
_ORDER = ("purchased_at", "amount", "currency", "items", "product", "channel", "shop", "payment_method")
_COLUMNS = ["row", "key", "email", "order_ref", *_ORDER, "has_lines"]
_LINE_COLUMNS = ["row", "number", "ref", "name", "category", "quantity", "amount"]
_MAY_BE_TOLD = ("currency", "items", "product", "channel", "shop", "payment_method")
_REFUSED = ("unknown", "order_of_other", "order_twice", "order_refunded")


class PurchaseStage:
    """The statements for one file's mapping."""

    def __init__(self, found: Import, options: Options) -> None:
        self.workspace_id = found.workspace_id
        self.import_id = found.id
        self.marks = marks.binds(found)
        self.options = options
        self.told = told = set(found.mapping.values())
        # What the file does not tell stays as it is known.
        self.compared = ["purchased_at", "amount", *(n for n in _MAY_BE_TOLD if n in told)]

    def lay_out(self, batch: Batch, digest_key: bytes) -> tuple[bytes, ...]:  # noqa: ARG002
        """Return orders and their lines as COPY reads them; this needs no database, which is busy meanwhile."""
        told, lines = [], []
        rows: Sequence[PurchaseRow] = batch.rows
        for r in rows:
            told.append(
                f"{r.row}\t{r.key}\t{r.email}\t{r.order_ref}\t{r.purchased_at}\t{r.amount}"
                f"\t{r.currency}\t{r.items}\t{r.product or _names(r)}"
                f"\t{r.channel}\t{r.shop}\t{r.payment_method}\t{'t' if r.lines else 'f'}\n"
            )
            for number, (ref, name, category, quantity, amount) in enumerate(r.lines, start=1):
                lines.append(
                    f"{r.row}\t{number}\t{ref[:_LONGEST]}\t{name[:_LONGEST]}\t{category}\t{quantity}\t{amount}\n"
                )
        return _encoded(told), _encoded(lines)

    def load(self, session: Session, laid_out: tuple[bytes, ...]) -> None:
        """Bring the rows to the database; nobody waits for this."""
        session.execute(text(_STAGE))
        told, lines = laid_out
        database.copy_text(session, "purchase_stage", _COLUMNS, told)
        if lines:
            database.copy_text(session, "purchase_line_stage", _LINE_COLUMNS, lines)

    def take_over(
        self, session: Session, batch: Batch, digest_key: bytes, *, rehearse: bool, now: datetime  # noqa: ARG002
    ) -> Outcome:
        """Write what is new or different and add up anew for those concerned; return what came of every row."""
        found = Outcome()
        if self.options.unknown == "create":
            found.counts["people_created"] += self._add_people(session, digest_key, rehearse=rehearse, now=now)
        self._compare(session, rehearse=rehearse)
        self._count(session, found)
        if not rehearse:
            self._write(session, found, now)
        return found

    def show(self, session: Session, batch: Batch, *, most: int) -> Seen:
        """Return what a rehearsal showed of the rows."""
        return samples.show(session, batch.rows, self.compared, workspace_id=self.workspace_id, most=most)

    def _add_people(self, session: Session, digest_key: bytes, *, rehearse: bool, now: datetime) -> int:
        """Add whoever bought and is not known; the purchase is all we know of them."""
        unknown = self._run(
            session,
            f"""SELECT key, (array_agg(email ORDER BY row))[1], min(row) FROM purchase_stage s
                WHERE NOT EXISTS (SELECT 1 FROM ({self._whose()} OFFSET 0) c) GROUP BY key ORDER BY 3""",
        ).all()
        if unknown and not rehearse:
            new = [NewPerson(*person) for person in unknown]
            adding.add_from_file(session, self.workspace_id, self.marks, new, digest_key=digest_key, now=now)
        return len(unknown)

    def _whose(self) -> str:
        """Return the SQL that finds the person of the row `s`."""
        if self.options.match_by == "email":
            return queries.OWNER_OF_EMAIL.format(key="s.key")
        return queries.OWNER_OF_NUMBER.format(number="s.key")

    def _compare(self, session: Session, *, rehearse: bool) -> None:
        """Say of each row whose it is and what comes of it, by one look into each index a row."""
        known = ", ".join(f"p.{name}" for name in self.compared)
        told = ", ".join(f"s.{name}" for name in self.compared)
        order = ", ".join(f"s.{name}" for name in _ORDER)
        # The number of a new order is drawn here, so that its lines need not look for it; a rehearsal draws none.
        order_id = "p.id" if rehearse else f"CASE WHEN p.id IS NULL AND c.id IS NOT NULL THEN {_NEW_ID} ELSE p.id END"
        # In a rehearsal whoever would be added is not there yet.
        is_unknown = "false" if rehearse and self.options.unknown == "create" else "c.id IS NULL"
        self._run(
            session,
            f"""INSERT INTO purchase_found
                SELECT s.row, {order_id}, c.id, s.email, s.order_ref, {order}, s.has_lines,
                    CASE WHEN {is_unknown} THEN 'unknown' WHEN p.id IS NULL THEN 'created'
                        WHEN p.customer_id IS DISTINCT FROM c.id THEN 'order_of_other'
                        WHEN p.import_id = :import_id THEN 'order_twice'
                        WHEN p.refunded > 0 AND s.amount < p.refunded THEN 'order_refunded'
                        WHEN ROW({known}) IS DISTINCT FROM ROW({told}) OR {_HAS_NEW_LINES} THEN 'updated'
                        ELSE 'unchanged' END
                FROM purchase_stage s
                LEFT JOIN LATERAL ({self._whose()}) c ON true
                LEFT JOIN LATERAL (
                    SELECT p.* FROM orders p WHERE p.workspace_id = :w AND p.order_ref = s.order_ref LIMIT 1
                ) p ON true""",
            import_id=self.import_id,
        )

    def _write(self, session: Session, found: Outcome, now: datetime) -> None:
        if found.counts["updated"]:
            self._run(session, _KEEP_BEFORE, import_id=self.import_id)
            sets = ", ".join(f"{name} = s.{name}" for name in self.compared)
            self._run(
                session,
                f"""UPDATE orders p SET {sets}, import_id = :import_id, import_row = s.row FROM purchase_found s
                    WHERE p.workspace_id = :w AND p.id = s.order_id AND s.outcome = 'updated'
                      AND (p.refunded = 0 OR s.amount >= p.refunded)""",
                import_id=self.import_id,
            )
            self._run(session, _FOLLOW_ORDER)
        if found.counts["created"]:
            self._run(session, _INSERT, import_id=self.import_id)
        if self.told & {"product", "product_ref"}:
            self._write_lines(session, found, now)
        if found.counts["created"]:
            engagement.add_purchases_of_many(session, self.workspace_id, _ADDED, currency=self._currency(session))
        if found.counts["updated"]:
            currency = self._currency(session)
            engagement.set_purchases_of_many(session, self.workspace_id, _UPDATED, _ADDED_UP, currency=currency)

    def _write_lines(self, session: Session, found: Outcome, now: datetime) -> None:
        if found.counts["created"] or found.counts["updated"]:
            self._run(session, _KEEP_PRODUCTS, import_id=self.import_id)
            self._run(session, _ADD_PRODUCTS, now=now, import_id=self.import_id)
        if found.counts["created"]:
            self._run(session, _ADD_LINES)
        if found.counts["updated"]:
            self._run(session, _DROP_LINES, tells_items="items" in self.told)
            self._run(session, _REPLACE_LINES)

    def _currency(self, session: Session) -> str:
        """Return the currency sums are made in; the first purchase there is settles it."""
        first: str = self._run(session, _FIRST).scalar_one()
        return workspaces.settle_currency(session, self.workspace_id, first)

    def _count(self, session: Session, found: Outcome) -> None:
        refused = 0
        for outcome, number in self._run(session, "SELECT outcome, count(*) FROM purchase_found GROUP BY 1"):
            if outcome in _REFUSED:
                refused += number
            else:
                found.counts[outcome] += number
        if refused:
            rows = self._run(
                session,
                "SELECT row, outcome, email, order_ref FROM purchase_found WHERE outcome = ANY(:refused)",
                refused=list(_REFUSED),
            )
            found.refused = [(row, why, email if why == "unknown" else order) for row, why, email, order in rows]

    def _run(self, session: Session, statement: str, **binds: Any) -> Any:
        known = {"w": self.workspace_id} if ":w" in statement else {}
        return session.execute(text(statement), {**known, **binds})


def _encoded(lines: list[str]) -> bytes:
    joined = "".join(lines)
    return (joined.replace("\\", "\\\\") if "\\" in joined else joined).encode()


def _names(row: PurchaseRow) -> str:
    return names_of([line.name for line in row.lines]) or "" if row.lines else ""


_NEW_ID = "nextval('orders_id_seq')"
_LONGEST = products.LONGEST
_INSERT = """
    INSERT INTO orders (workspace_id, id, customer_id, order_ref, purchased_at, amount, currency, items, product,
                        channel, shop, payment_method, import_id, import_row)
    SELECT :w, order_id, customer_id, order_ref, purchased_at, amount, currency, items, product, channel, shop,
           payment_method, :import_id, row
    FROM purchase_found WHERE outcome = 'created'
"""
# The products that lines name are made where they are new; one whose category nobody knew yet gets it.
_NAMED = """
    SELECT DISTINCT ON (l.ref) l.ref, l.name, coalesce(l.category, '') AS category
    FROM purchase_line_stage l JOIN purchase_found s ON s.row = l.row
    WHERE s.outcome IN ('created', 'updated') ORDER BY l.ref, l.category IS NULL, l.row
"""
_ADD_PRODUCTS = f"""
    WITH named AS MATERIALIZED ({_NAMED})
    INSERT INTO products (workspace_id, ref, name, category, created_at, updated_at, import_id)
    SELECT :w, n.ref, n.name, n.category, CAST(:now AS timestamptz), CAST(:now AS timestamptz), :import_id
    FROM named n LEFT JOIN LATERAL (
        SELECT p.category FROM products p WHERE p.workspace_id = :w AND p.ref = n.ref LIMIT 1) p ON true
    WHERE p.category IS NULL OR (p.category = '' AND n.category <> '')
    ON CONFLICT (workspace_id, ref) DO UPDATE SET category = excluded.category, updated_at = excluded.updated_at
    WHERE products.category = '' AND excluded.category <> ''
"""
# What an undo gives back: orders with their lines as they were, and products that had no category.
_KEEP_BEFORE = changes.keep_sql(
    undoing.ORDER,
    f"""SELECT p.id AS row_id, {undoing.BEFORE} AS before
        FROM purchase_found s JOIN orders p ON p.workspace_id = :w AND p.id = s.order_id WHERE s.outcome = 'updated'""",
)
_KEEP_PRODUCTS = changes.keep_sql(
    undoing.PRODUCT,
    f"""SELECT p.id AS row_id, jsonb_build_object('category', n.category, 'updated_at', p.updated_at) AS before
        FROM ({_NAMED}) n CROSS JOIN LATERAL (
            SELECT p.id, p.category, p.updated_at, p.import_id FROM products p
            WHERE p.workspace_id = :w AND p.ref = n.ref LIMIT 1) p
        WHERE p.category = '' AND n.category <> '' AND p.import_id IS DISTINCT FROM :import_id""",
)
# Many lines name few products: each is looked for once a batch.
_PRODUCT_IDS = """
    named AS MATERIALIZED (
        SELECT n.ref, p.id FROM (SELECT DISTINCT ref FROM purchase_line_stage) n
        CROSS JOIN LATERAL (SELECT p.id FROM products p WHERE p.workspace_id = :w AND p.ref = n.ref LIMIT 1) p)
"""
_LINE = "workspace_id, order_id, number, product_id, customer_id, purchased_at, currency, quantity, amount"
_ADD_LINES = f"""
    WITH {_PRODUCT_IDS}
    INSERT INTO order_lines ({_LINE})
    SELECT :w, s.order_id, l.number, n.id, s.customer_id, s.purchased_at, s.currency, l.quantity, l.amount
    FROM purchase_found s JOIN purchase_line_stage l ON l.row = s.row JOIN named n ON n.ref = l.ref
    WHERE s.outcome = 'created'
"""
_CHANGED = "SELECT s.order_id FROM purchase_found s WHERE s.outcome = 'updated'"
# Lines that know more than a file tells stay: what came back, what pieces cost; and pieces, where it tells none.
_DROP_LINES = f"""
    DELETE FROM order_lines l
    WHERE l.workspace_id = :w AND l.order_id = ANY(ARRAY({_CHANGED} AND s.has_lines))
      AND CAST(:tells_items AS boolean)
      AND (SELECT 1 FROM order_lines k WHERE k.workspace_id = :w AND k.order_id = l.order_id
             AND (k.returned > 0 OR k.cost IS NOT NULL OR k.discount <> 0) LIMIT 1) IS NULL
"""
_REPLACE_LINES = f"""
    WITH {_PRODUCT_IDS}
    INSERT INTO order_lines ({_LINE})
    SELECT :w, o.id, l.number, n.id, o.customer_id, o.purchased_at, o.currency, l.quantity, l.amount
    FROM purchase_found s JOIN purchase_line_stage l ON l.row = s.row JOIN named n ON n.ref = l.ref
    CROSS JOIN LATERAL (SELECT o.id, o.customer_id, o.purchased_at, o.currency FROM orders o
                        WHERE o.workspace_id = :w AND o.id = s.order_id LIMIT 1) o
    WHERE s.outcome = 'updated'
      AND (SELECT 1 FROM order_lines k WHERE k.workspace_id = :w AND k.order_id = o.id LIMIT 1) IS NULL
"""
# An order that was recorded without products gets them from a file that names them.
_HAS_NEW_LINES = """
    (s.has_lines AND (
        SELECT 1 FROM order_lines l WHERE l.workspace_id = p.workspace_id AND l.order_id = p.id LIMIT 1) IS NULL)
"""
# Time and currency of lines are those of their order; of an order with one product the amount is the line's.
_FOLLOW_ORDER = f"""
    UPDATE order_lines l SET purchased_at = o.purchased_at, currency = o.currency,
        amount = CASE WHEN (SELECT 1 FROM order_lines k WHERE k.workspace_id = :w AND k.order_id = o.id
                              AND k.number <> l.number LIMIT 1) IS NULL THEN o.amount ELSE l.amount END
    FROM orders o
    WHERE o.workspace_id = :w AND o.id = ANY(ARRAY({_CHANGED})) AND l.workspace_id = :w AND l.order_id = o.id
"""
_UPDATED = "SELECT customer_id FROM purchase_found WHERE outcome = 'updated'"
# The first row that was taken over, in the order of the file.
_FIRST = "SELECT currency FROM purchase_found WHERE outcome IN ('created', 'updated') ORDER BY row LIMIT 1"
_IS_USUAL = "currency = :currency"
# New orders are added to the sums that stand.
_ADDED = f"""
    SELECT customer_id, count(*) AS orders, coalesce(sum(amount) FILTER (WHERE {_IS_USUAL}), 0) AS spent,
           sum(items) AS items, min(purchased_at) AS first_at, max(purchased_at) AS latest_at
    FROM purchase_found WHERE outcome = 'created' GROUP BY customer_id
"""
# A corrected order corrects the sum, which is added up from the purchases themselves.
_ADDED_UP = f"""
    SELECT p.customer_id, count(*) AS orders,
           coalesce(sum(p.amount - p.refunded) FILTER (WHERE p.{_IS_USUAL}), 0) AS spent,
           sum(p.items - coalesce((SELECT sum(r.items) FROM refunds r
                                   WHERE r.workspace_id = p.workspace_id AND r.order_id = p.id), 0)) AS items,
           min(p.purchased_at) AS first_at, max(p.purchased_at) AS latest_at
    FROM orders p
    WHERE p.workspace_id = :workspace_id AND p.customer_id IN ({_UPDATED}) AND p.cancelled_at IS NULL
    GROUP BY p.customer_id
"""
