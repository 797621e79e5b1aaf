"""The blueprints of every room, and what rooms draw and find on one another's pages."""

from __future__ import annotations

from flask import Blueprint

from app.accounts import views as accounts
from app.api import views as api
from app.brands import views as brands
from app.cadence import views as cadence
from app.campaigns import views as campaigns
from app.commerce import views as commerce
from app.consent import views as consent
from app.customers import views as customers
from app.delivery import views as delivery
from app.followup import views as followup
from app.insight import views as insight
from app.journeys import views as journeys
from app.kernel.extensions import Extensions
from app.segments import views as segments
from app.tracking import views as tracking
from app.web.navigation import Searches
from app.web.panels import HomePanels
from app.wiring import extensions, health

BLUEPRINTS: list[Blueprint] = [
    health.bp,
    accounts.bp,
    brands.bp,
    customers.bp,
    commerce.bp,
    consent.bp,
    cadence.bp,
    segments.bp,
    insight.bp,
    tracking.bp,
    delivery.bp,
    campaigns.bp,
    journeys.bp,
    followup.bp,
    api.bp,
]

# What is most urgent stands first: what stands still, who waits for us, what is running, then the base and its worth.
HOME = HomePanels(
    (
        accounts.home_panel,
        accounts.set_up_panel,
        campaigns.held_panel,
        journeys.attention_panel,
        tracking.home_panel,
        followup.home_panel,
        customers.duplicates_panel,
        delivery.home_panel,
        campaigns.home_panel,
        consent.home_panel,
        customers.home_panel,
        insight.home_panel,
    )
)
CUSTOMER = customers.CustomerPanels(
    (
        consent.customer_panel,
        delivery.customer_panel,
        journeys.customer_panel,
        followup.customer_panel,
        commerce.customer_panel,
        commerce.balance_panel,
        segments.customer_panel,
        insight.customer_panel,
        customers.merges_panel,
    )
)
SETTINGS = accounts.SettingsPanels((delivery.settings_panel, cadence.settings_panel, tracking.settings_panel))
SEARCHES = Searches((customers.search, segments.search, campaigns.search, journeys.search, commerce.search))


def build_extensions() -> Extensions:
    """Return what every process is given, and what pages ask for besides."""
    return extensions.build().replacing(HOME, CUSTOMER, SETTINGS, SEARCHES)
