"""A workspace with one of everything that has an address, so that a law can open every page and find it there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.accounts import api_keys, invitations
from app.accounts.tokens import InvitationToken
from app.brands import images, media
from app.campaigns.library import designs
from app.commerce import products
from app.commerce.connectors import connections, deliveries, intake
from app.commerce.connectors.connections import NewConnection
from app.commerce.connectors.signatures import Incoming
from app.commerce.costs import competitors, costs
from app.commerce.costs.competitors import NewPurchase
from app.commerce.costs.costs import NewCost
from app.commerce.models import ShopConnection
from app.commerce.owned_items import items
from app.commerce.owned_items.items import ItemAccount
from app.commerce.products import NamedProduct
from app.commerce.tokens import ShopToken
from app.consent.signup import double_opt_in, signup_forms
from app.consent.signup.double_opt_in import Answer
from app.consent.tokens import ConfirmToken, PreferencesToken, UnsubscribeToken
from app.customers.addresses import changes
from app.customers.addresses.changes import NewAddress
from app.customers.duplicates import finding, reviewing
from app.customers.merging import merge
from app.customers.merging.merge import Decision
from app.customers.models import Customer
from app.customers.organisations import members, organisations
from app.customers.profiles import fields, people
from app.customers.profiles.fields import FieldDraft
from app.customers.profiles.provenance import IMPLIED, INFERRED, Telling
from app.customers.sources import catalogue
from app.customers.sources.catalogue import SourceDraft
from app.kernel.services import Services
from app.segments.lists import lists
from app.tracking.websites import websites
from tests.factories import NOON, delivery
from tests.factories.campaigns import a_campaign
from tests.factories.consent import a_form, consented_customer
from tests.factories.customers import a_customer, an_uploaded_file
from tests.factories.journeys import a_journey, a_segment, step_ids
from tests.factories.pictures import a_picture
from tests.factories.shops import webhooks as shops
from tests.factories.workspaces import WorkspaceForTests

# What some addresses must be asked before they answer anything.
_QUESTIONS = {
    "/journeys/<int:journey_id>/steps/new": "?kind=wait",
    "/api/v1/customers": "?email=ada%40example.com",
    "/api/v1/organisations": "?external_ref=O-1",
}


@dataclass(frozen=True)
class Furnished:
    """What stands in the addresses of this workspace: ids and words by name, tokens by the page they open."""

    values: dict[str, int | str]
    tokens: dict[str, str]
    api_key: str

    def address(self, rule: Rule) -> str:
        """Return the rule's address with everything filled in."""
        token = self.tokens.get(rule.rule.partition("<token>")[0], "")
        values = {name: token if name == "token" else self.values[name] for name in rule.arguments}
        return str(rule.build(values, append_unknown=False)[1]) + _QUESTIONS.get(rule.rule, "")  # type: ignore[index]


def furnish(services: Services, workspace: WorkspaceForTests) -> Furnished:
    """Put one of everything into the workspace."""
    import_id = an_uploaded_file(services.database, workspace.id, "email,first_name\neve@example.com,Eve\n")
    with services.database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id, first_name="Ada")
        form = a_form(session, workspace.id, [workspace.topic_id])
        request_id = _asked(session, workspace)
        invitation = invitations.invite(
            session,
            workspace.id,
            email="mia@example.com",
            role="marketer",
            invited_by=workspace.owner_id,
            now=NOON,
        )
        # What is merged below has everything read anew, which ends with the transaction.
        invitation_id, invited_until = invitation.id, invitation.expires_at
        _, api_key = api_keys.create(session, workspace.id, name="Shop", staff_id=workspace.owner_id, now=NOON)
        journey = a_journey(session, workspace, is_live=False)
        product = products.find_or_create(session, workspace.id, [NamedProduct("T-1", "Tea")], now=NOON)["T-1"]
        picture = a_picture("PNG", (40, 30))
        image = images.add_image(session, media.of(services.settings), workspace.id, picture, "Rose.png", now=NOON)
        organisation = organisations.add(session, workspace.id, {"name": "Tea House", "external_ref": "O-1"}, now=NOON)
        members.put(session, ada, organisation.id, {}, now=NOON)
        connecting = NewConnection("woocommerce", "Woo", shops.SECRET)
        keys = services.settings.secret_keys
        shop, _ = connections.create(
            session, workspace.id, connecting, keys=keys, staff_id=workspace.owner_id, now=NOON
        )
        site, _ = websites.create(
            session, workspace.id, ["https://www.shop.example"], keys=services.settings.secret_keys, now=NOON
        )
        values: dict[str, int | str] = {
            "cost_id": costs.add(
                *(session, workspace.id, ada.id, NewCost("service", NOON.date(), 5)), source="staff", now=NOON
            )[0],
            "purchase_id": competitors.add(session, workspace.id, ada.id, NewPurchase("Tea"), now=NOON)[0],
            "item_id": items.add(
                session, workspace.id, ada.id, ItemAccount("Teapot"), source="staff", now=NOON
            ).id,
            **_duplicates(session, workspace),
            "connection_id": shop.id,
            "delivery_id": _a_webhook(session, services, shop),
            "address_id": ada.address_id or 0,
            "field_id": _fields(session, workspace, ada),
            "source_id": catalogue.add(session, workspace.id, _LIST, staff_id=workspace.owner_id, now=NOON).id,
            "campaign_id": a_campaign(session, workspace, format="blocks", source=_DESIGN).id,
            "customer_id": ada.id,
            "form_id": form.id,
            "identity_id": workspace.identity_id,
            "import_id": import_id,
            "journey_id": journey.id,
            "step_id": step_ids(session, journey)[0],
            "organisation_id": organisation.id,
            "product_id": product.id,
            "image_id": image.id,
            "file_name": images.file_name(image),
            "segment_id": a_segment(session, workspace),
            "list_id": lists.create(session, workspace.id, "Guests", staff_id=workspace.owner_id, now=NOON).id,
            "kind": "product",
            "send_id": delivery.a_send(session, workspace).id,
            "seq": 1,
            "topic_id": workspace.topic_id,
            "website_id": site.id,
            "workspace_slug": workspace.slug,
            "form_slug": form.slug,
            "purpose": "marketing",
            "code": "en",
            "design": "newsletter",
            "name": "app.css",
        }
    tokens, invited = services.tokens, InvitationToken(workspace.id, invitation_id)
    return Furnished(
        values,
        {
            "/c/": ConfirmToken(workspace.id, request_id).encode(tokens),
            "/p/": PreferencesToken(workspace.id, ada.id, int(services.clock.now().timestamp()), 0).encode(tokens),
            "/u/": UnsubscribeToken(workspace.id, ada.id, workspace.topic_id, 0).encode(tokens),
            "/api/v1/webhooks/": ShopToken(workspace.id, shop.id).encode(tokens),
            "/invitations/": invited.encode(tokens, expires_at=invited_until),
        },
        api_key,
    )


_DESIGN = designs.start("newsletter", "en").source
_LIST = SourceDraft("List firm", "list_firm", is_external=True, cost=Decimal(800), currency="EUR")


def _fields(session: Session, workspace: WorkspaceForTests, ada: Customer) -> int:
    """Return a sensitive field; the customer has a value of every other kind."""
    for key, kind in (("budget", "money"), ("visit", "date_time"), ("size", "number"), ("member", "boolean")):
        fields.create(session, workspace.id, key=key, label=key.title(), kind=kind)
    likes = FieldDraft("Likes", "multi_choice", ["Green tea", "Black tea", "Herbs"])
    fields.add(session, workspace.id, "likes", likes)
    fields.add(session, workspace.id, "dealer", FieldDraft("Dealer", "reference", refers_to="organisation"))
    told = {"budget": "1200 EUR", "visit": "2026-03-31T15:00:00+02:00", "likes": ["Herbs"], "dealer": "O-1", "size": 38}
    people.change(session, ada, values_by_name=told, source="staff:Olga", now=NOON)
    guess = Telling("model:city", NOON, INFERRED | IMPLIED)
    people.change(session, ada, values_by_name={"city": "Leeds"}, source=guess, now=NOON)
    people.change(session, ada, values_by_name={"size": 39}, source="form:news", now=NOON)
    return fields.add(session, workspace.id, "allergies", FieldDraft("Allergies", sensitivity="health")).id


def _duplicates(session: Session, workspace: WorkspaceForTests) -> dict[str, int | str]:
    """Return a pair of customers who may be one person, and a merge of two who were."""
    people = [a_customer(session, workspace.id, first_name="Eve", city=city) for city in ("Rome", "Oslo", "Bonn")]
    for each in people[:2]:
        changes.add(session, each, NewAddress("phone", "+49 30 1234567"), source="staff:1", now=NOON)
    finding.find_hard(session, workspace.id, now=NOON)
    (pair,) = reviewing.list_waiting(session, workspace.id)
    merged = merge.merge(session, workspace.id, Decision(people[1].id, people[2].id), now=NOON)
    return {"pair_id": pair.id, "merge_id": merged.id}


def _a_webhook(session: Session, services: Services, shop: ShopConnection) -> int:
    """Return a webhook that came from this shop."""
    body = json.dumps(shops.WOO_ORDER).encode()
    headers = {name.lower(): value for name, value in shops.signed("woocommerce", "order.created", body).items()}
    keys = services.settings.secret_keys
    intake.receive(session, shop.workspace_id, shop.id, Incoming(headers, body), keys=keys, now=NOON)
    return deliveries.list_page(session, shop.workspace_id, shop.id)[0].id


def _asked(session: Session, workspace: WorkspaceForTests) -> int:
    """Return the request of somebody who has not confirmed yet."""
    form = a_form(session, workspace.id, [workspace.topic_id], slug="news", name="Letter")
    boxes = tuple(signup_forms.choices(session, form, language="en", sender="Shop", now=NOON))
    answer = Answer(email="bob@example.com", chosen=boxes, page="http://shop.test/f", ip="198.51.100.7")
    return double_opt_in.request(session, workspace.id, form, answer, now=NOON)
