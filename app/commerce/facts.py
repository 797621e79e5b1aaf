"""What the commerce room announces."""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel.queueing.outbox import Fact


@dataclass(frozen=True)
class PurchaseRecorded(Fact):
    """One customer bought something, told by itself (imported files announce nothing per row)."""

    workspace_id: int
    customer_id: int
    purchase_id: int
    at: str


@dataclass(frozen=True)
class ProductsImported(Fact):
    """A file of products has been taken in; what owned items follow from it is found by what it changed."""

    workspace_id: int
    import_id: int


@dataclass(frozen=True)
class PurchasesImported(Fact):
    """A file of purchases has been taken in; who bought is found in the engagement rows."""

    workspace_id: int
    import_id: int
