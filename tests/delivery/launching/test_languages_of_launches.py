"""Which language somebody is written to in: counted in Python for the review, decided in SQL by the launch."""

from __future__ import annotations

from itertools import combinations

import pytest
from sqlalchemy import Text, column, literal, select, values

from app.delivery.launching import assignments
from app.delivery.launching.assignments import Arm, Assignment

WRITTEN = ("pt-BR", "pt", "zh-Hans", "zh", "en")
SPOKEN = (None, "", "pt-BR", "pt-br", "PT", "pt-PT", "zh-Hant", "zh-hans-CN", "en-GB", "fr", "-", "-pt", "p")


@pytest.mark.parametrize("default", WRITTEN)
def test_python_and_sql_choose_the_same_for_everybody(session, default):
    """Over every set of languages a campaign may have beside its default, and everything a customer may speak."""
    others = [each for each in WRITTEN if each != default]
    people = values(column("place"), column("language", Text), name="people").data(list(enumerate(SPOKEN)))
    for further in (chosen for size in range(len(others) + 1) for chosen in combinations(others, size)):
        languages = [default, *further]
        sends = {language: number for number, language in enumerate(languages, start=1)}
        arm = Arm(sends[default], by_language={each: sends[each] for each in further}, language=default)
        chosen = assignments.send_id(Assignment((arm,)), literal(0), people.c.language)

        in_sql = list(session.scalars(select(chosen).select_from(people).order_by(people.c.place)))

        assert in_sql == [sends[assignments.language_for(spoken, languages)] for spoken in SPOKEN], languages


def test_a_form_of_a_language_is_preferred_to_the_language():
    assert assignments.language_for("pt-br", ["pt-BR", "pt"]) == "pt-BR"
    assert assignments.language_for("pt-AO", ["pt-BR", "pt"]) == "pt"
    assert assignments.language_for("pt-AO", ["pt-BR", "en"]) == "pt-BR"
