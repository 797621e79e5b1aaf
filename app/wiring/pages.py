"""Registers every room's views, panels, searches and timeline sources."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy.orm import Session

from app.accounts import views as accounts
from app.api import views as api
from app.cadence import views as cadence
from app.campaigns import compose
from app.campaigns import views as campaigns
from app.consent import timeline_entries as consent_moments
from app.consent import views as consent
from app.customers import views as customers
from app.customers.timeline import timeline
from app.delivery import timeline_entries as delivery_moments
from app.delivery import views as delivery
from app.insight import views as insight
from app.journeys import definitions
from app.journeys import views as journeys
from app.segments import used_in
from app.segments import views as segments
from app.segments.used_in import Use
from app.tracking import views as tracking
from app.web import navigation, panels
from app.wiring import health

BLUEPRINTS: list[Blueprint] = [
    health.bp,
    accounts.bp,
    customers.bp,
    consent.bp,
    cadence.bp,
    segments.bp,
    insight.bp,
    tracking.bp,
    delivery.bp,
    campaigns.bp,
    journeys.bp,
    api.bp,
]

# What is most urgent stands first: what stands still, who waits for us, what is running, then the base and its worth.
PANELS: dict[str, list[panels.Draw]] = {
    "home": [
        accounts.home_panel,
        campaigns.held_panel,
        journeys.attention_panel,
        tracking.home_panel,
        journeys.home_panel,
        delivery.home_panel,
        campaigns.home_panel,
        consent.home_panel,
        insight.home_panel,
    ],
    "customer": [consent.customer_panel, delivery.customer_panel, journeys.customer_panel, insight.customer_panel],
    "settings": [delivery.settings_panel, cadence.settings_panel],
}
SEARCHES: list[navigation.Provider] = [customers.search, segments.search, campaigns.search, journeys.search]


def connect() -> None:
    """Fill every slot, search and timeline; connecting twice changes nothing."""
    for slot, drawn in PANELS.items():
        for position, draw in enumerate(drawn):
            panels.register(slot, position, draw)
    for provider in SEARCHES:
        navigation.register_search(provider)
    for moments in (delivery_moments.of_customer, consent_moments.of_customer):
        if moments not in timeline.PROVIDERS:
            timeline.PROVIDERS.append(moments)
    for uses in (_campaigns_on, _journeys_on):
        if uses not in used_in.PROVIDERS:
            used_in.PROVIDERS.append(uses)


def _campaigns_on(session: Session, workspace_id: int, segment_id: int) -> list[Use]:
    found = compose.on_segment(session, workspace_id, segment_id)
    return [Use("campaign", each.name, f"/campaigns/{each.id}", is_over=each.launched_at is not None) for each in found]


def _journeys_on(session: Session, workspace_id: int, segment_id: int) -> list[Use]:
    found = definitions.on_segment(session, workspace_id, segment_id)
    return [Use("journey", journey.name, f"/journeys/{journey.id}") for journey in found]
