"""The operations of the API: the one list that routes are checked against and the OpenAPI document is made from."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from app.api.v1 import schemas
from app.kernel.translatable import N_


@dataclass(frozen=True)
class Operation:
    """One method on one path. `answers` are the statuses of success with what they carry."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    answers: dict[int, type[BaseModel]]
    takes: type[BaseModel] | None = None
    finds_by: tuple[str, ...] = ()
    refusals: tuple[int, ...] = ()

    @property
    def is_idempotent_by_key(self) -> bool:
        return self.method == "POST"


OPERATIONS = (
    Operation(
        "upsertCustomer",
        "PUT",
        "/api/v1/customers",
        N_("Add or change a customer"),
        N_("Finds the customer by external_ref, else by any email they use, and sets what you send; what you leave out "
        "stays. Another primary email than before ends the former one. "
        "Nobody becomes mailable by this: only proofs of consent, which are judged and recorded one by one, do that."),
        {200: schemas.UpsertOut, 201: schemas.UpsertOut},
        takes=schemas.CustomerIn,
        refusals=(409, 422),
    ),
    Operation(
        "findCustomer",
        "GET",
        "/api/v1/customers",
        N_("Read a customer by your number or by address"),
        N_("Give exactly one of external_ref and email."),
        {200: schemas.CustomerOut},
        finds_by=("external_ref", "email"),
        refusals=(404, 422),
    ),
    Operation(
        "getCustomer",
        "GET",
        "/api/v1/customers/{customer_id}",
        N_("Read a customer"),
        N_("By the id this API gave."),
        {200: schemas.CustomerOut},
        refusals=(404,),
    ),
    Operation(
        "recordPurchase",
        "POST",
        "/api/v1/purchases",
        N_("Record a purchase"),
        N_("The same order_ref told twice is one purchase; the first account stands. A purchase ends the journeys "
        "the customer is on."),
        {201: schemas.PurchaseOut},
        takes=schemas.PurchaseIn,
        refusals=(409, 422),
    ),
    Operation(
        "recordEvent",
        "POST",
        "/api/v1/events",
        N_("Record an event"),
        N_("Puts what happened on the customer's timeline."),
        {201: schemas.EventOut},
        takes=schemas.EventIn,
        refusals=(409, 422),
    ),
)
