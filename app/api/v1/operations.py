"""The operations of the API: the one list that routes are checked against and the OpenAPI document is made from."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from app.api.v1 import brand_schemas, event_schemas, merge_schemas, relation_schemas, schemas, shop_schemas
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
    takes_picture: bool = False
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
        "readCard",
        "GET",
        "/api/v1/customers/{customer_id}/card",
        N_("Read a customer's card"),
        N_("For front-line staff: the fields your workspace chose, open tasks, what is due, and what they have."),
        {200: schemas.CardOut},
        refusals=(404,),
    ),
    Operation(
        "mergeCustomers",
        "POST",
        "/api/v1/merges",
        N_("Merge two customers"),
        N_("Every order, activity, message and consent record of the former one becomes the survivor's; of two answers "
        "to one question the stricter holds. The former one's ids go on leading to the survivor."),
        {201: merge_schemas.MergeOut},
        takes=merge_schemas.MergeIn,
        refusals=(409, 422),
    ),
    Operation(
        "undoMerge",
        "POST",
        "/api/v1/merges/{merge_id}/undo",
        N_("Undo a merge"),
        N_("Makes two customers of them again, exactly as they were; what happened since stays with the survivor. Send "
        "an empty object."),
        {201: merge_schemas.MergeUndoneOut},
        takes=merge_schemas.MergeUndoIn,
        refusals=(404, 409, 422),
    ),
    Operation(
        "listMerges",
        "GET",
        "/api/v1/customers/{customer_id}/merges",
        N_("List a customer's merges"),
        N_("What made this customer of several, the latest first."),
        {200: merge_schemas.MergesOut},
        refusals=(404,),
    ),
    Operation(
        "recordOrder",
        "POST",
        "/api/v1/orders",
        N_("Record an order"),
        N_("The same order_ref told twice is one order; the first account stands. Products that lines name are added "
        "to the catalogue where it does not have them. An order ends the journeys the customer is on."),
        {201: shop_schemas.OrderOut},
        takes=shop_schemas.OrderIn,
        refusals=(409, 422),
    ),
    Operation(
        "recordOrders",
        "POST",
        "/api/v1/orders/batch",
        N_("Record up to 100 orders"),
        N_("Each order is recorded or refused by itself; the answer has one entry for each, in their order."),
        {201: shop_schemas.OrdersOut},
        takes=shop_schemas.OrdersIn,
        refusals=(409, 422),
    ),
    Operation(
        "recordRefund",
        "POST",
        "/api/v1/refunds",
        N_("Record a refund"),
        N_("Money given back for an order, in all or in part. The same refund_ref of an order told twice is one "
        "refund. What the customer spent is less by it."),
        {201: shop_schemas.RefundOut},
        takes=shop_schemas.RefundIn,
        refusals=(404, 409, 422),
    ),
    Operation(
        "saveProduct",
        "PUT",
        "/api/v1/products",
        N_("Add or change a product"),
        N_("Finds the product by ref and sets what you send; what you leave out stays as it is."),
        {200: shop_schemas.ProductOut, 201: shop_schemas.ProductOut},
        takes=shop_schemas.ProductIn,
        refusals=(409, 422),
    ),
    Operation(
        "saveOrganisation",
        "PUT",
        "/api/v1/organisations",
        N_("Add or change an organisation"),
        N_("Finds the organisation by external_ref and sets what you send; what you leave out stays as it is. One that "
        "would stand above itself is refused."),
        {200: relation_schemas.OrganisationOut, 201: relation_schemas.OrganisationOut},
        takes=relation_schemas.OrganisationIn,
        refusals=(409, 422),
    ),
    Operation(
        "findOrganisation",
        "GET",
        "/api/v1/organisations",
        N_("Read an organisation by your number"),
        N_("Give its external_ref."),
        {200: relation_schemas.OrganisationOut},
        finds_by=("external_ref",),
        refusals=(404, 422),
    ),
    Operation(
        "saveOrganisationMember",
        "PUT",
        "/api/v1/organisations/people",
        N_("Say that somebody is at an organisation"),
        N_("With their position and their parts in the buying centre; what you leave out stays as it is. Whoever has "
        "left keeps the place, with the day in `until`."),
        {200: relation_schemas.OrganisationMemberOut},
        takes=relation_schemas.OrganisationMemberIn,
        refusals=(409, 422),
    ),
    Operation(
        "saveRelation",
        "PUT",
        "/api/v1/relations",
        N_("Say what somebody is to a customer"),
        N_("Partner, parent or child, sibling, family, friend, colleague, manager or report, and who referred whom. "
        "Nobody is above themselves by parents, managers or referrals, and nobody has two referrers."),
        {200: relation_schemas.RelationOut},
        takes=relation_schemas.RelationIn,
        refusals=(404, 409, 422),
    ),
    Operation(
        "saveHousehold",
        "PUT",
        "/api/v1/households",
        N_("Put customers into one household"),
        N_("Whoever had another household leaves it; nobody has two."),
        {200: relation_schemas.HouseholdOut},
        takes=relation_schemas.HouseholdIn,
        refusals=(409, 422),
    ),
    Operation(
        "saveCart",
        "PUT",
        "/api/v1/carts",
        N_("Keep a cart"),
        N_("Finds the cart by cart_ref and keeps it as you send it, unless a newer account of it is known. Segments "
        "find who left one."),
        {200: shop_schemas.CartOut},
        takes=shop_schemas.CartIn,
        refusals=(409, 422),
    ),
    Operation(
        "saveOwnedItem",
        "PUT",
        "/api/v1/owned-items",
        N_("Add or change an owned item"),
        N_("Finds the item by ref and keeps it as you send it. Orders of durable products add items by themselves."),
        {200: shop_schemas.OwnedItemOut, 201: shop_schemas.OwnedItemOut},
        takes=shop_schemas.OwnedItemIn,
        refusals=(409, 422),
    ),
    Operation(
        "recordCost",
        "POST",
        "/api/v1/costs",
        N_("Record a cost"),
        N_("Minutes of service, a gift or another expense for a customer; their page sets it against what they bring."),
        {201: shop_schemas.NotedOut},
        takes=shop_schemas.CostIn,
        refusals=(409, 422),
    ),
    Operation(
        "recordCompetitorPurchase",
        "POST",
        "/api/v1/competitor-purchases",
        N_("Record a competitor purchase"),
        N_("What a customer is known to have bought elsewhere, and who says so."),
        {201: shop_schemas.NotedOut},
        takes=shop_schemas.CompetitorPurchaseIn,
        refusals=(409, 422),
    ),
    Operation(
        "recordEvent",
        "POST",
        "/api/v1/events",
        N_("Record an event"),
        N_("Puts what happened on the customer's timeline. The same event_ref told twice is one event; the first "
        "account stands."),
        {201: event_schemas.EventOut},
        takes=event_schemas.EventIn,
        refusals=(409, 422),
    ),
    Operation(
        "recordEvents",
        "POST",
        "/api/v1/events/batch",
        N_("Record up to 100 events"),
        N_("Each event is recorded or refused by itself; the answer has one entry for each, in their order. Segments "
        "see them as soon as the answer is there."),
        {201: event_schemas.EventsOut},
        takes=event_schemas.EventsIn,
        refusals=(409, 422),
    ),
    Operation(
        "addImage",
        "POST",
        "/api/v1/images",
        N_("Add an image"),
        N_("Send the picture as `file` of multipart/form-data, up to 10 MB, and what it shows as `alt`. It is made "
        "ready for mailboxes: JPEG, PNG or GIF, at most 1,200 pixels wide. The same picture once more is "
        "the same image."),
        {201: brand_schemas.ImageOut},
        takes_picture=True,
        refusals=(409, 422),
    ),
    Operation(
        "listImages",
        "GET",
        "/api/v1/images",
        N_("List images"),
        N_("The newest first, 48 at a time, narrowed by the words of `search`; `after` is the `next` of the page "
        "before."),
        {200: brand_schemas.ImagesOut},
        finds_by=("search", "after"),
    ),
    Operation(
        "getImage",
        "GET",
        "/api/v1/images/{image_id}",
        N_("Read an image"),
        N_("By the id this API gave."),
        {200: brand_schemas.ImageOut},
        refusals=(404,),
    ),
    Operation(
        "changeImage",
        "PATCH",
        "/api/v1/images/{image_id}",
        N_("Say what an image shows"),
        N_("Its alternative text, for people who do not see it."),
        {200: brand_schemas.ImageOut},
        takes=brand_schemas.ImageChangeIn,
        refusals=(404, 409, 422),
    ),
    Operation(
        "removeImage",
        "DELETE",
        "/api/v1/images/{image_id}",
        N_("Remove an image"),
        N_("Takes it out of the library; mails that show it go on showing it."),
        {200: brand_schemas.ImageOut},
        refusals=(404, 409),
    ),
    Operation(
        "getBrand",
        "GET",
        "/api/v1/brand",
        N_("Read the brand kit"),
        N_("Logo, colours, fonts, buttons, social links and footer of the mails."),
        {200: brand_schemas.BrandOut},
    ),
    Operation(
        "changeBrand",
        "PUT",
        "/api/v1/brand",
        N_("Change the brand kit"),
        N_("The whole kit. Words that cannot be read on their colour are refused, with a colour that can."),
        {200: brand_schemas.BrandOut},
        takes=brand_schemas.BrandIn,
        refusals=(409, 422),
    ),
)
