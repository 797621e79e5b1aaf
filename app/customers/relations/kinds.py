"""The kinds of relation between two customers, and what each is called from either side."""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel.translatable import N_, MessageId


@dataclass(frozen=True)
class RelationKind:
    """What the related person is to the customer, and the customer to them; no `inverse`: the same both ways."""

    name: str
    title: MessageId
    inverse: str = ""
    inverse_title: MessageId | None = None

    @property
    def is_symmetric(self) -> bool:
        return not self.inverse


KINDS = {
    kind.name: kind
    for kind in (
        RelationKind("partner", N_("Partner")),
        RelationKind("parent", N_("Parent"), "child", N_("Child")),
        RelationKind("sibling", N_("Sibling")),
        RelationKind("relative", N_("Family")),
        RelationKind("friend", N_("Friend")),
        RelationKind("colleague", N_("Colleague")),
        RelationKind("manager", N_("Manager"), "report", N_("Reports to them")),
        RelationKind("referred_by", N_("Referred by"), "referred", N_("Referred")),
    )
}
FAMILY = ("partner", "parent", "sibling", "relative")
# Each kind by the name it is told by, with whether it is told from the other side.
DIRECTIONS: dict[str, tuple[RelationKind, bool]] = {
    name: (kind, is_inverse)
    for kind in KINDS.values()
    for name, is_inverse in ((kind.name, False), (kind.inverse, True))
    if name
}


def title(kind: str, *, is_inverse: bool) -> MessageId:
    """Return what the other person is called."""
    found = KINDS[kind]
    return found.inverse_title if is_inverse and found.inverse_title else found.title
