"""The steps of the guided set-up, made of what the rooms say of themselves."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.accounts import memberships, workspaces
from app.accounts.identities import identities
from app.accounts.set_up.set_up import SetUpSteps, Step
from app.campaigns import compose
from app.consent import topics
from app.consent.signup import signup_forms
from app.customers.profiles import customer_queries, fields
from app.customers.quality import counting
from app.customers.sources import catalogue
from app.delivery.transactional import staff_mail
from app.journeys import definitions
from app.kernel import page_links
from app.kernel.translatable import N_


def _has_fields(session: Session, workspace_id: int) -> bool:
    return bool(fields.list_custom(session, workspace_id))


def _has_sources(session: Session, workspace_id: int) -> bool:
    return bool(catalogue.list_in_use(session, workspace_id))


def _has_team(session: Session, workspace_id: int) -> bool:
    return len(memberships.list_members(session, workspace_id, limit=2)) > 1


def _has_quota(session: Session, workspace_id: int) -> bool:
    return workspaces.get(session, workspace_id).daily_people > 0


def _has_topic(session: Session, workspace_id: int) -> bool:
    return bool(topics.list_active(session, workspace_id))


def _has_postal_address(session: Session, workspace_id: int) -> bool:
    return bool(workspaces.get(session, workspace_id).postal_address.strip())


def _may_send(session: Session, workspace_id: int) -> bool:
    found = identities.find_default(session, workspace_id)
    return found is not None and found.proved_at is not None


def _has_people(session: Session, workspace_id: int) -> bool:
    has_form = any(form.is_open for form in signup_forms.list_all(session, workspace_id))
    return has_form or customer_queries.has_any(session, workspace_id)


def _is_counted(session: Session, workspace_id: int) -> bool:
    return counting.has_counted(session, workspace_id)


def _has_tested(session: Session, workspace_id: int) -> bool:
    has_launched = compose.has_launched(session, workspace_id)
    return has_launched or staff_mail.has_any(session, workspace_id, kind="test")


def _is_used(session: Session, workspace_id: int) -> bool:
    return compose.has_launched(session, workspace_id) or bool(definitions.list_live(session, workspace_id))


STEPS = SetUpSteps(
    (
        Step("purpose", "planning", N_("What is the database for?"),
             N_("Such as: win back those who bought once, or find who is worth a visit.")),
        Step("knowledge", "planning", N_("What is a customer worth knowing, and in which order?"),
             N_("Name the data that decisions need, the most useful first. Each costs something to collect.")),
        Step("size", "planning", N_("How many people, and how many changes a day?"),
             N_("A rough number is enough. It says how files come in and how long lists may take.")),
        Step("steward", "planning", N_("Who looks after the data?"),
             N_("One person answers for quality, rights and requests. Under Team, make them a data steward.")),
        Step("process", "planning", N_("By which process, until when, at what cost?"),
             N_("Who collects, who checks, when it is worth its cost, and what it may cost a year.")),
        Step("fields", "design", N_("Add the fields you need"),
             N_("Beside name, place and work, which are built in."),
             page_links.to("customers.show_fields"), _has_fields),
        Step("sources", "design", N_("Name your sources"),
             N_("Till, forms, trade fair, list firm: files name theirs, and quality is counted by source."),
             page_links.to("customers.show_sources"), _has_sources),
        Step("topics", "design", N_("Offer a topic"),
             N_("What people subscribe to, and how often at most they hear of it."),
             page_links.to("consent.list_topics"), _has_topic, is_needed=True),
        Step("roles", "design", N_("Invite the team and choose who sees personal data"),
             N_("Members see people's names and addresses, see them masked, or export them."),
             page_links.to("accounts.show_staff"), _has_team),
        Step("quotas", "design", N_("Limit what one member reads a day"),
             N_("A limit on lists and exports, in the settings of the workspace."),
             page_links.to("accounts.show_settings"), _has_quota),
        Step("postal_address", "loading", N_("Postal address"),
             N_("Every mail carries it; the law asks for it."),
             page_links.to("accounts.show_settings"), _has_postal_address, is_needed=True),
        Step("domain", "loading", N_("Verify your sending domain"),
             N_("Records in the DNS show that the domain is yours."),
             page_links.to("accounts.show_identities"), _may_send, is_needed=True),
        Step("people", "loading", N_("Import people or open a form"),
             N_("A file of those you know, or a form where they sign up themselves."),
             page_links.to("customers.new_import"), _has_people, is_needed=True),
        Step("quality", "testing", N_("Count the data quality"),
             N_("What is filled in, what is old, and who cannot be mailed."),
             page_links.to("customers.show_quality"), _is_counted),
        Step("test_mail", "testing", N_("Send yourself a test mail"),
             N_("From a draft campaign: see it in your own mailbox before anybody else does."),
             page_links.to("campaigns.new"), _has_tested, is_needed=True),
        Step("first_send", "use", N_("Send a campaign or publish a journey"),
             N_("To those who said yes to the topic."),
             page_links.to("campaigns.new"), _is_used),
        Step("care", "upkeep", N_("When is the data looked over, and by whom?"),
             N_("Such as: every first Monday, the data steward asks again for what is old, and reviews duplicates.")),
    )
)  # fmt: skip
