"""The columns of a file of relations."""

from __future__ import annotations

from app.customers.imports.declared import columns
from app.customers.imports.declared.columns import Column
from app.customers.organisations.buying_centre import ROLES
from app.customers.organisations.members import LONGEST_POSITION
from app.customers.relations.kinds import DIRECTIONS
from app.customers.words import LABELS
from app.kernel.translatable import N_

# What the related person is to the customer, as files call it.
_RELATIONS = {
    "partner": "spouse, husband, wife, married to, ehepartner, partnerin, conjoint, cónyuge, 配偶, 伴侣, 夫妻",
    "parent": "mother, father, vater, mutter, elternteil, parent de, padre, madre, 父母, 父亲, 母亲, 家长",
    "child": "son, daughter, kind, sohn, tochter, enfant, hijo, hija, 子女, 儿子, 女儿, 孩子",
    "sibling": "brother, sister, bruder, schwester, frère, sœur, hermano, hermana, 兄弟姐妹, 兄弟, 姐妹",
    "relative": "family, relation, aunt, uncle, cousin, verwandt, verwandter, famille, familia, 亲属, 亲戚, 家人",
    "friend": "freund, freundin, ami, amie, amigo, amiga, 朋友",
    "colleague": "coworker, co-worker, kollege, kollegin, collègue, colega, 同事",
    "manager": "boss, supervisor, reports to, vorgesetzter, chef, responsable, jefe, 上级, 主管, 经理",
    "report": "subordinate, direct report, mitarbeiter, subordonné, 下属",
    "referred_by": "referrer, referred by, recommended by, empfohlen von, parrain, referido por, 推荐人, 由其推荐",
    "referred": "referral, recommended, empfohlen, filleul, 被推荐人, 推荐了",
}
_ROLES = {
    "user": "end user, anwender, nutzer, utilisateur, usuario, 使用者, 用户",
    "influencer": "champion, beeinflusser, influenceur, influyente, 影响者",
    "buyer": "purchaser, procurement, einkäufer, acheteur, comprador, 采购者, 购买者, 采购",
    "decider": "decision maker, decision-maker, entscheider, décideur, decisor, 决策者",
    "gatekeeper": "türhüter, torwächter, gardien, guardián, 把关者, 守门人",
}
assert _RELATIONS.keys() == DIRECTIONS.keys()
assert _ROLES.keys() == ROLES.keys()
COLUMNS = (
    Column("email", LABELS["email"], columns.email),
    Column("external_ref", LABELS["external_ref"], columns.line()),
    Column("relation", N_("What the related person is to them"),
           columns.one_of(columns.words_of(_RELATIONS), "relation")),
    Column("related_email", N_("Email of the related person"), columns.email),
    Column("related_ref", N_("Customer number of the related person"), columns.line()),
    Column("organisation", N_("Organisation (number or name)"), columns.line()),
    Column("position", LABELS["position"], columns.line(LONGEST_POSITION)),
    Column("buying_roles", N_("Parts in the buying centre"),
           columns.several_of(columns.words_of(_ROLES), "buying_roles"), "text[]"),
    Column("member_since", N_("At the organisation since"), columns.day, "date"),
    Column("member_until", N_("At the organisation until"), columns.day, "date"),
    Column("household", N_("Household (number or name)"), columns.line()),
)  # fmt: skip
OF_RELATION = ("related_email", "related_ref")
