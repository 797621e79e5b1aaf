"""What rooms add to one another, made once for every process: who hears what, jobs, panels, searches, timelines."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.accounts import api_keys
from app.accounts.undo import Opposites
from app.api import person_tables as api_tables
from app.brands import images
from app.campaigns import compose, deletion, removals
from app.campaigns import field_uses as campaign_fields
from app.campaigns.launch import stopping
from app.campaigns.studio import tag_translation
from app.commerce import card_lines as purchase_card
from app.commerce import carts, orders, products
from app.commerce import timeline_entries as purchase_entries
from app.commerce.connectors import connections
from app.commerce.connectors.stated_consents import StatedConsents
from app.commerce.costs import competitors, costs
from app.commerce.exporting import tables as commerce_exports
from app.commerce.facts import ProductsImported, PurchaseRecorded, PurchasesImported
from app.commerce.imports.catalogue.kind import Products
from app.commerce.imports.kind import Purchases
from app.commerce.imports.owned_items.kind import OwnedItems
from app.commerce.owned_items import items
from app.commerce.owned_items import items as owned_items
from app.commerce.people import person_tables as commerce_tables
from app.commerce.people import shop_numbers
from app.consent import permission
from app.consent import timeline_entries as consent_entries
from app.consent.exporting import tables as consent_exports
from app.consent.facts import ConfirmationRequested, ConsentGiven, ConsentsImported, ConsentWithdrawn
from app.consent.imports import retraction
from app.consent.imports.file_answers import LedgerKeeper
from app.consent.imports.shop_statements import ShopConsentRecorder
from app.consent.imports.suppressions.kind import Suppressions
from app.consent.merging import person_tables as consent_tables
from app.consent.merging.keeper import LedgerJoiner
from app.consent.unreachable import PERMISSIONS
from app.customers.addresses import changes
from app.customers.card import card
from app.customers.card.sections import CardSources
from app.customers.duplicates import reviewing
from app.customers.duplicates.finding import HardLinks
from app.customers.exporting import activities as exported_activities
from app.customers.exporting import belonging as exported_belonging
from app.customers.exporting import tables as exported
from app.customers.exporting.tables import ExportTables
from app.customers.facts import EventReported
from app.customers.field_kinds.references import ReferenceTargets
from app.customers.imports.activities.kind import Activities
from app.customers.imports.evidence import ImportedEvidence
from app.customers.imports.kinds import ImportKinds
from app.customers.imports.organisations.kind import Organisations
from app.customers.imports.people import People
from app.customers.imports.relations.kind import Relations
from app.customers.imports.undoing.traces import CustomerTraces
from app.customers.merging import own_tables, undoing
from app.customers.merging.merge import MergedPermissions
from app.customers.merging.person_tables import PersonTables
from app.customers.organisations import members, removal
from app.customers.organisations.reference_target import ORGANISATIONS
from app.customers.profiles.referred import PEOPLE
from app.customers.quality.uses import FieldUses
from app.customers.relations import households, related
from app.customers.sources.outcomes import MailableCustomers
from app.customers.timeline import contacts
from app.customers.timeline.reporting import ReportListeners
from app.customers.timeline.timeline import TimelineSources
from app.delivery import person_tables as delivery_tables
from app.delivery import timeline_entries as delivery_entries
from app.followup import card_lines as followup_card
from app.followup import person_tables as followup_tables
from app.followup import tasks
from app.followup.sources import TaskSources
from app.insight import card_lines as insight_card
from app.journeys import definitions, owners, positions
from app.journeys import field_uses as journey_fields
from app.journeys import person_tables as journey_tables
from app.journeys.engine import interest, reported
from app.kernel import page_links
from app.kernel.extensions import Extensions
from app.kernel.page_links import PageLink
from app.kernel.queueing import jobs
from app.kernel.queueing.jobs import Jobs
from app.kernel.queueing.outbox import Listeners
from app.segments import exports as segment_exports
from app.segments import field_uses as segment_fields
from app.segments import person_tables as segment_tables
from app.segments import segments
from app.segments.facts import SegmentEntered
from app.segments.lists import adding, lists, making
from app.segments.membership import prompting
from app.segments.used_in import SegmentUses, Use
from app.tracking import person_tables as tracking_tables
from app.tracking.facts import HumanResponded
from app.tracking.hits.storing import SentTimes
from app.tracking.replies import replies
from app.tracking.websites import websites
from app.wiring import set_up_steps
from app.wiring.conditions import CONDITION_TYPES

LISTENERS = Listeners(
    {
        ConfirmationRequested: ["delivery.send_confirmation"],
        ConsentGiven: ["journeys.join_topic"],
        ConsentsImported: ["journeys.join_imported"],
        ConsentWithdrawn: ["delivery.drop_withdrawn", "journeys.stop_withdrawn", "insight.forget"],
        EventReported: ["journeys.hear_event"],
        HumanResponded: ["journeys.hear_response"],
        SegmentEntered: ["journeys.join_segment"],
        PurchaseRecorded: ["journeys.hear_purchase"],
        ProductsImported: ["commerce.follow_products"],
        PurchasesImported: ["journeys.hear_purchases", "commerce.follow_import"],
    }
)
# What a file may hold, in the order it is offered.
IMPORT_KINDS = ImportKinds(
    (
        *(People(), Purchases(), Products(), Organisations(), Relations(), OwnedItems(), Activities()),
        Suppressions(),
    )
)
ROOMS_WITH_JOBS = (
    *("accounts", "consent", "customers", "commerce", "segments", "insight", "tracking"),
    *("delivery", "campaigns", "journeys", "api"),
)
JOBS = Jobs(
    modules={room: f"app.{room}.jobs" for room in ROOMS_WITH_JOBS},
    queues={
        "delivery.send_confirmation": jobs.TRANSACTIONAL_QUEUE,
        "delivery.send_transactional": jobs.TRANSACTIONAL_QUEUE,
        "delivery.send_invitation": jobs.STAFF_MAIL_QUEUE,
        "delivery.send_staff_mail": jobs.STAFF_MAIL_QUEUE,
        "customers.check_import": jobs.IMPORT_QUEUE,
        "customers.run_import": jobs.IMPORT_QUEUE,
        "customers.undo_import": jobs.IMPORT_QUEUE,
        "delivery.send_lane": jobs.SEND_QUEUE,
    },
)
OPPOSITES = Opposites(
    (
        api_keys.UNDO_REVOCATION,
        segments.UNDO_DELETION,
        lists.UNDO_DELETION,
        adding.UNDO_REMOVAL,
        making.UNDO_MAKING,
        deletion.UNDO_DELETION,
        stopping.UNDO_PAUSE,
        stopping.UNDO_RESUMING,
        stopping.UNDO_CANCELLATION,
        tag_translation.UNDO_TRANSLATION,
        removals.UNDO_REMOVAL,
        changes.UNDO_ENDING,
        undoing.UNDO_MERGE,
        reviewing.UNDO_DECISION,
        contacts.UNDO_LOGGING,
        websites.UNDO_ENDING,
        members.UNDO_REMOVAL,
        removal.UNDO_DELETION,
        related.UNDO_ENDING,
        households.UNDO_LEAVING,
        connections.UNDO_DISCONNECTION,
        items.UNDO_ENDING,
        costs.UNDO_REMOVAL,
        competitors.UNDO_REMOVAL,
        images.UNDO_REMOVAL,
        images.UNDO_EXCHANGE,
    )
)


def build() -> Extensions:
    """Return what actions and jobs need; the web adds its own, in `pages`."""
    return Extensions(
        LISTENERS,
        JOBS,
        OPPOSITES,
        ImportedEvidence(LedgerKeeper()),
        StatedConsents(ShopConsentRecorder()),
        CONDITION_TYPES,
        IMPORT_KINDS,
        ReferenceTargets((ORGANISATIONS, products.TARGET, PEOPLE)),
        MailableCustomers(permission.mailable_query),
        ExportTables(
            (
                *(exported.PEOPLE, segment_exports.MEMBERS, commerce_exports.ORDERS, commerce_exports.PRODUCTS),
                *(commerce_exports.OWNED_ITEMS, exported_activities.ACTIVITIES),
                *(exported_belonging.ORGANISATIONS, exported_belonging.RELATIONS, consent_exports.SUPPRESSIONS),
            )
        ),
        CardSources(
            (
                followup_card.of_customer,
                insight_card.of_customer,
                card.birthday_lines,
                purchase_card.of_customer,
            )
        ),
        TimelineSources((purchase_entries.of_customer, delivery_entries.of_customer, consent_entries.of_customer)),
        CustomerTraces(
            (
                *(retraction.ANSWERS, retraction.REQUESTS, orders.TRACE, carts.TRACE, delivery_entries.TRACE),
                *(owned_items.TRACE, costs.TRACE, competitors.TRACE),
                *(tasks.TRACE, positions.TRACE, replies.TRACE),
            )
        ),
        PersonTables(
            (
                *(*own_tables.SUMS, *consent_tables.TABLES, *own_tables.TABLES, *commerce_tables.TABLES),
                *(*tracking_tables.TABLES, *followup_tables.TABLES, *delivery_tables.TABLES),
                *(*segment_tables.TABLES, *journey_tables.TABLES, *api_tables.TABLES, *own_tables.LAST),
            )
        ),
        MergedPermissions(LedgerJoiner()),
        HardLinks((shop_numbers.same_number,)),
        SegmentUses((_campaigns_on, _journeys_on)),
        TaskSources({owners.TASK_SOURCE: interest.source_names}),
        SentTimes((delivery_entries.sent_times,)),
        set_up_steps.STEPS,
        PERMISSIONS,
        FieldUses(
            (
                ("segment", segment_fields.of_segments),
                ("campaign", campaign_fields.of_campaigns),
                ("journey", journey_fields.of_journeys),
            )
        ),
        making.LISTS,
        ReportListeners((reported.awaited_names,), (prompting.prompt,)),
    )


def _campaigns_on(session: Session, workspace_id: int, segment_id: int) -> list[Use]:
    found = compose.on_segment(session, workspace_id, segment_id)
    return [Use("campaign", each.name, _campaign_page(each.id), is_over=each.launched_at is not None) for each in found]


def _campaign_page(campaign_id: int) -> PageLink:
    return page_links.to("campaigns.show", campaign_id=campaign_id)


def _journeys_on(session: Session, workspace_id: int, segment_id: int) -> list[Use]:
    found = definitions.on_segment(session, workspace_id, segment_id)
    return [Use("journey", each.name, page_links.to("journeys.show_journey", journey_id=each.id)) for each in found]
