"""The consent ledger: records, their chain, current state and verification; private to consent."""
