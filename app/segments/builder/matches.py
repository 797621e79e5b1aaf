"""How the conditions of a group of the builder combine."""

from __future__ import annotations

from app.customers.relations.circles import CIRCLES
from app.kernel.translatable import N_

# What begins so is asked of somebody else around the person.
OTHERS = "someone_"

MATCHES = {
    "all": N_("all of these"),
    "any": N_("any of these"),
    "none": N_("none of these"),
    "not_all": N_("not all of these"),
    **{f"{OTHERS}{name}": circle.label for name, circle in CIRCLES.items()},
}
