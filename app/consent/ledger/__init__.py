"""The consent ledger: evidence, records, their chain, current state, deadlines and verification."""
