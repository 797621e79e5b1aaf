"""Finds records that are probably one person, with how probable it is and what speaks for it.

By Fellegi and Sunter's record linkage as Splink does it: each thing two records agree on counts by how much more often
the same person's records agree on it than two people's do, less where the value is common. Splink is an extra of its
own (`assent[duplicates]`), since it brings a database engine along.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.customers.duplicates.records import COMPARED, Record
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

LEAST = 0.5
# What more people than this have in common tells nobody apart, and would compare everybody with everybody.
_MOST_ALIKE = 200
# From so many people on, how often two of them agree is read off the file itself.
_ENOUGH_TO_LEARN_FROM = 200
_SAMPLED_PAIRS = 500_000
# Of the pairs that agree on an address, or on names and birth date, about so many are all there are to find.
_FOUND_BY_EQUALITY = 0.6


class NotInstalled(Refusal):
    """Splink is not there."""

    status = 422
    message = N_("Finding duplicates needs an extra: pip install 'assent[duplicates]'")


class Level(NamedTuple):
    """How far two values agree: a word, the SQL that says so, and how often that is so of one person and of two."""

    word: str
    sql: str
    same_person: float
    two_people: float


@dataclass(frozen=True)
class Pair:
    """Two records, the probability from 0 to 1 that they are one person, and how far each thing agrees."""

    left: Record
    right: Record
    probability: float
    agreement: Mapping[str, str]


def find_pairs(people: Sequence[Record], *, least: float = LEAST) -> list[Pair]:
    """Return the pairs that are at least so probable, most probable first; raise NotInstalled."""
    if importlib.util.find_spec("splink") is None:
        raise NotInstalled
    # They take seconds to load, and few who start this program want them.
    splink, pyarrow = importlib.import_module("splink"), importlib.import_module("pyarrow")
    comparisons = importlib.import_module("splink.comparison_library")
    known = [target for target in COMPARED if sum(target in each.values for each in people) > 1]
    keys = _keys(people)
    if not known or not keys:
        return []
    settings = splink.SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="position",
        comparisons=[
            comparisons.CustomComparison(_levels_of(target, known), output_column_name=target) for target in known
        ],
        blocking_rules_to_generate_predictions=[splink.block_on(name) for name in keys],
        probability_two_random_records_match=_prior(people),
    )
    table: dict[str, Any] = {target: [each.values.get(target) for each in people] for target in known} | keys
    columns = {name: pyarrow.array(values, pyarrow.string()) for name, values in table.items()}
    rows = pyarrow.table({"position": list(range(len(people))), **columns})
    logging.getLogger("splink").setLevel(logging.ERROR)
    linker = splink.Linker(splink.DuckDBAPI().register(rows), settings, log_level=logging.ERROR)
    if len(people) >= _ENOUGH_TO_LEARN_FROM:
        linker.training.estimate_u_using_random_sampling(max_pairs=_SAMPLED_PAIRS, seed=1)
    found = linker.inference.predict(threshold_match_probability=least).as_record_list()
    pairs = [_pair(people, known, each) for each in found]
    return sorted(pairs, key=lambda pair: (-pair.probability, pair.left.row, pair.right.row))


def _pair(people: Sequence[Record], known: Sequence[str], found: Mapping[str, Any]) -> Pair:
    left, right = sorted((int(found["position_l"]), int(found["position_r"])))
    agreement = {target: _word(target, int(found[f"gamma_{target}"])) for target in known}
    probability = round(float(found["match_probability"]), 6)
    return Pair(people[left], people[right], probability, {name: word for name, word in agreement.items() if word})


def _word(target: str, gamma: int) -> str:
    """Splink counts levels from the weakest, 0, up; -1 is where one of the two is not known."""
    levels = _LEVELS[target]
    return levels[len(levels) - 1 - gamma].word if gamma >= 0 else ""


def _prior(people: Sequence[Record]) -> float:
    """Return how probable it is that two records taken at random are one person."""
    pairs = len(people) * (len(people) - 1) / 2
    certain = (("email",), ("phone",), ("first_name", "last_name", "birth_date"))
    equal = sum(_pairs_within(people, targets) for targets in certain)
    # Two of five people twice in a file without any that agree wholly is little, and never is every other pair one.
    return min(0.5, max(equal / _FOUND_BY_EQUALITY, 0.2 * len(people)) / max(1.0, pairs))


def _pairs_within(people: Sequence[Record], targets: Sequence[str]) -> float:
    groups = Counter(
        tuple(each.values[target] for target in targets)
        for each in people
        if all(target in each.values for target in targets)
    )
    return sum(size * (size - 1) / 2 for size in groups.values() if size <= _MOST_ALIKE)


def _keys(people: Sequence[Record]) -> dict[str, list[str | None]]:
    """Return by what records are brought together to be compared: name of the key -> its value, person by person."""
    made: dict[str, list[str | None]] = {}
    for number, key in enumerate(_KEYS):
        values = [key(each.values) for each in people]
        sizes = Counter(filter(None, values))
        telling = [value if value and 1 < sizes[value] <= _MOST_ALIKE else None for value in values]
        if any(telling):
            made[f"key_{number}"] = telling
    return made


def _joined(*parts: tuple[str, int | None]) -> Callable[[Mapping[str, str]], str | None]:
    """Return a key of several values, each cut after so many characters; None where one is not known."""

    def key(values: Mapping[str, str]) -> str | None:
        found = [values.get(target, "")[:length] for target, length in parts]
        return "\0".join(found) if all(found) else None

    return key


def _mailbox(values: Mapping[str, str]) -> str | None:
    return values.get("email", "").partition("@")[0] or None


def _names_in_any_order(values: Mapping[str, str]) -> str | None:
    names = values.get("first_name"), values.get("last_name")
    return "\0".join(sorted(name for name in names if name)) if all(names) else None


_KEYS: tuple[Callable[[Mapping[str, str]], str | None], ...] = (
    _joined(("email", None)),
    _mailbox,
    _joined(("phone", None)),
    _names_in_any_order,
    _joined(("birth_date", None)),
    _joined(("birth_date", 7), ("last_name", 1)),
    _joined(("last_name", None), ("first_name", 1)),
    _joined(("first_name", None), ("last_name", 2)),
    _joined(("last_name", None), ("city", None)),
    _joined(("first_name", None), ("city", None)),
    _joined(("last_name", None), ("postal_code", None)),
    _joined(("first_name", None), ("organisation", None)),
    _joined(("last_name", None), ("organisation", None)),
    _joined(("street", None), ("postal_code", None)),
    _joined(("street", None), ("city", None)),
)


def _alike(same: Sequence[float], two: Sequence[float], *, close: float, far: float) -> tuple[Level, ...]:
    """Return the levels of a name: the same, nearly so, somewhat so, different."""
    return (
        Level("same", "{0}_l = {0}_r", same[0], two[0]),
        Level("similar", f"jaro_winkler_similarity({{0}}_l, {{0}}_r) >= {close}", same[1], two[1]),
        Level("somewhat similar", f"jaro_winkler_similarity({{0}}_l, {{0}}_r) >= {far}", same[2], two[2]),
        Level("different", "ELSE", same[3], two[3]),
    )


_REVERSED = "first_name_l = last_name_r AND last_name_l = first_name_r"


def _name(two: Sequence[float], *, swapped: float) -> tuple[Level, ...]:
    """Return the levels of a first or last name, which may stand in the other's place."""
    same, *others = _alike((0.72, 0.11, 0.08, 0.06), two, close=0.9, far=0.8)
    return (same, Level("swapped", _REVERSED, 0.03, swapped), *others)


# How often records of one person, and of two, agree so far: read off files whose duplicates are known.
_LEVELS: dict[str, tuple[Level, ...]] = {
    "first_name": _name((0.010, 0.006, 0.012, 0.968), swapped=0.0002),
    "last_name": _name((0.004, 0.004, 0.012, 0.976), swapped=0.004),
    "birth_date": (
        Level("same", "birth_date_l = birth_date_r", 0.65, 0.0003),
        Level("one digit apart", "levenshtein(birth_date_l, birth_date_r) <= 1", 0.18, 0.002),
        Level(
            "day and month swapped",
            "birth_date_l[1:4] = birth_date_r[1:4] AND birth_date_l[6:7] = birth_date_r[9:10]"
            " AND birth_date_l[9:10] = birth_date_r[6:7]",
            0.02,
            0.0002,
        ),
        Level("same year", "birth_date_l[1:4] = birth_date_r[1:4]", 0.08, 0.025),
        Level("different", "ELSE", 0.07, 0.9725),
    ),
    "email": (
        Level("same", "email_l = email_r", 0.60, 0.0002),
        Level("same mailbox elsewhere", "split_part(email_l, '@', 1) = split_part(email_r, '@', 1)", 0.10, 0.0003),
        Level("similar", "jaro_winkler_similarity(email_l, email_r) >= 0.92", 0.12, 0.002),
        Level("different", "ELSE", 0.18, 0.9975),
    ),
    "phone": (
        Level("same", "phone_l = phone_r", 0.65, 0.0003),
        Level("same end", "right(phone_l, 7) = right(phone_r, 7)", 0.08, 0.0003),
        Level("one digit apart", "damerau_levenshtein(phone_l, phone_r) <= 1", 0.05, 0.0003),
        Level("different", "ELSE", 0.22, 0.9991),
    ),
    "street": (
        # A street and its place are known together, and families share them: they count once.
        Level("same", "street_l = street_r", 0.60, 0.002),
        Level("similar", "jaro_winkler_similarity(street_l, street_r) >= 0.92", 0.20, 0.004),
        Level("different", "ELSE", 0.20, 0.994),
    ),
    "postal_code": (
        Level("same", "postal_code_l = postal_code_r", 0.70, 0.10),
        Level("different", "ELSE", 0.30, 0.90),
    ),
    "city": _alike((0.70, 0.10, 0.05, 0.15), (0.08, 0.01, 0.02, 0.89), close=0.9, far=0.8),
    "organisation": _alike((0.60, 0.15, 0.10, 0.15), (0.01, 0.003, 0.02, 0.967), close=0.92, far=0.85),
}
# Where the value is a common one, agreeing on it says less.
_COMMON_VALUES = ("first_name", "last_name", "city", "organisation")


def _levels_of(target: str, known: Sequence[str]) -> list[dict[str, Any]]:
    """Return the levels in Splink's words, the one for values that are not known first."""
    unknown = f"{target}_l IS NULL OR {target}_r IS NULL"
    null = {"sql_condition": unknown, "label_for_charts": "unknown", "is_null_level": True}
    may_swap = {"first_name", "last_name"} <= set(known)
    levels: list[dict[str, Any]] = [null]
    for level in _LEVELS[target]:
        swaps = level.sql == _REVERSED
        made: dict[str, Any] = {
            "sql_condition": level.sql.format(target) if not swaps or may_swap else "FALSE",
            "label_for_charts": level.word,
            "m_probability": level.same_person,
            "u_probability": level.two_people,
        }
        if level.word == "same" and target in _COMMON_VALUES:
            made["tf_adjustment_column"] = target
        levels.append(made)
    return levels
