"""The parts people have in their organisation's buying centre (Webster and Wind, 1972), and their names on pages."""

from __future__ import annotations

from app.kernel.translatable import N_

ROLES = {
    "user": N_("User"),
    "influencer": N_("Influencer"),
    "buyer": N_("Buyer"),
    "decider": N_("Decider"),
    "gatekeeper": N_("Gatekeeper"),
}
