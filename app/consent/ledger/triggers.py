"""SQL that makes the ledger append-only in the database itself, for migrations and for `create_all` alike.

These triggers hold for the owner too; that the application's role lacks UPDATE and DELETE in the first place is said by
`info["insert_only"]` on the tables and granted by `kernel.tenancy`.
"""

from sqlalchemy import DDL, Table, event

REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION consent_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'consent records are never changed or removed (% on %)', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""

# Personal values may go only after the ledger itself says that this person was erased.
REFUSE_UNLESS_ERASED = """
CREATE OR REPLACE FUNCTION consent_refuse_unless_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM consent_ledger AS held JOIN consent_ledger AS erased
            ON erased.workspace_id = held.workspace_id AND erased.customer_id = held.customer_id
        WHERE held.workspace_id = OLD.workspace_id AND held.seq = OLD.seq AND erased.event = 'erased'
    ) THEN
        RAISE EXCEPTION 'evidence is kept until its person is erased (% on %)', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$
"""


def _trigger(name: str, moment: str, table: str, each: str, function: str) -> str:
    return f"CREATE TRIGGER {name} {moment} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()"


# Consent was given from a mailbox. Whoever changes an address (staff, a program, a file) does not speak for its owner,
# so an address that has not agreed itself stays silent until it does. A person who said no counts too: old links of the
# former mailbox must not say yes for the new one.
SILENCE_NEW_ADDRESS = """
CREATE OR REPLACE FUNCTION consent_silence_new_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO suppressions (workspace_id, address_digest, reason, source, at)
    SELECT NEW.workspace_id, NEW.address_digest, 'unconfirmed', 'address_changed', NEW.updated_at
    WHERE EXISTS (
        SELECT 1 FROM consent_state AS held
        WHERE held.workspace_id = NEW.workspace_id AND held.customer_id = NEW.id
    ) AND NOT EXISTS (
        SELECT 1 FROM consent_ledger AS said
        WHERE said.workspace_id = NEW.workspace_id AND said.customer_id = NEW.id
            AND said.event IN ('given', 'imported', 'confirmed', 'renewed')
            AND CAST(said.record AS jsonb) ->> 'address_digest' = encode(NEW.address_digest, 'hex')
    )
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""

LEDGER = (
    REFUSE_CHANGE,
    _trigger("consent_ledger_keeps", "BEFORE UPDATE OR DELETE", "consent_ledger", "ROW", "consent_refuse_change"),
    _trigger("consent_ledger_stays", "BEFORE TRUNCATE", "consent_ledger", "STATEMENT", "consent_refuse_change"),
)
EVIDENCE = (
    REFUSE_CHANGE,
    REFUSE_UNLESS_ERASED,
    _trigger("consent_evidence_keeps", "BEFORE UPDATE", "consent_evidence", "ROW", "consent_refuse_change"),
    _trigger("consent_evidence_stays", "BEFORE TRUNCATE", "consent_evidence", "STATEMENT", "consent_refuse_change"),
    _trigger("consent_evidence_erased", "BEFORE DELETE", "consent_evidence", "ROW", "consent_refuse_unless_erased"),
)
NOTICES = (
    REFUSE_CHANGE,
    _trigger("notices_keep", "BEFORE UPDATE OR DELETE", "notices", "ROW", "consent_refuse_change"),
    _trigger("notices_stay", "BEFORE TRUNCATE", "notices", "STATEMENT", "consent_refuse_change"),
)
NEW_ADDRESSES = (
    SILENCE_NEW_ADDRESS,
    """
    CREATE TRIGGER consent_new_address AFTER UPDATE OF address_digest ON customers FOR EACH ROW
    WHEN (OLD.address_digest IS DISTINCT FROM NEW.address_digest AND NEW.address_digest IS NOT NULL)
    EXECUTE FUNCTION consent_silence_new_address()
    """,
)
UNDO_NEW_ADDRESSES = ("DROP FUNCTION IF EXISTS consent_silence_new_address() CASCADE",)
UNDO = (
    "DROP FUNCTION IF EXISTS consent_refuse_change() CASCADE",
    "DROP FUNCTION IF EXISTS consent_refuse_unless_erased() CASCADE",
)


# The end of a chain moves on with each record and never back, whoever asks; staying where it is, is no move.
REFUSE_BACK = """
CREATE OR REPLACE FUNCTION consent_refuse_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.workspace_id <> OLD.workspace_id OR NEW.seq < OLD.seq OR (NEW.seq = OLD.seq AND NEW.hash <> OLD.hash) THEN
        RAISE EXCEPTION 'the end of a chain never moves back (% on %)', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""
HEADS = (
    REFUSE_CHANGE,
    REFUSE_BACK,
    _trigger("consent_heads_advance", "BEFORE UPDATE", "consent_heads", "ROW", "consent_refuse_back"),
    _trigger("consent_heads_keep", "BEFORE DELETE", "consent_heads", "ROW", "consent_refuse_change"),
    _trigger("consent_heads_stay", "BEFORE TRUNCATE", "consent_heads", "STATEMENT", "consent_refuse_change"),
)
UNDO_HEADS = (
    "DROP TRIGGER IF EXISTS consent_heads_keep ON consent_heads",
    "DROP TRIGGER IF EXISTS consent_heads_stay ON consent_heads",
    "DROP FUNCTION IF EXISTS consent_refuse_back() CASCADE",
)


def attach(table: Table, statements: tuple[str, ...]) -> None:
    """Run these statements whenever `create_all` makes the table."""
    for statement in statements:
        event.listen(table, "after_create", DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]
