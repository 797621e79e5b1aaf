"""SQL that lets audit entries only be added, for migrations; it holds for the owner of the table, too."""

# An account that is removed leaves its deeds behind without a name: that is the foreign key's one change.
_REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.staff_id IS NULL AND to_jsonb(NEW) - 'staff_id' = to_jsonb(OLD) - 'staff_id' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit entries are never changed or removed (% on %)', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""
AUDIT = (
    _REFUSE_CHANGE,
    "CREATE TRIGGER audit_entries_keep BEFORE UPDATE OR DELETE ON audit_entries"
    " FOR EACH ROW EXECUTE FUNCTION audit_refuse_change()",
    "CREATE TRIGGER audit_entries_stay BEFORE TRUNCATE ON audit_entries"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()",
)
UNDO = ("DROP FUNCTION IF EXISTS audit_refuse_change() CASCADE",)
