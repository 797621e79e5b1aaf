"""How the conditions of a group of the builder combine."""

from __future__ import annotations

from app.kernel.translatable import N_

MATCHES = {
    "all": N_("all of these"),
    "any": N_("any of these"),
    "none": N_("none of these"),
    "not_all": N_("not all of these"),
}
