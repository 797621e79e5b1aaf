"""What a mail's source may hold: everything that could run long, grow large or reach out is refused."""

import pytest

from app.rendering.language import syntax

STRESS = [
    "{{ range(10**9) }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}"
    "{% endfor %}{% endfor %}{% endfor %}",
    "{{ 'a' * 10**9 }}",
    "{{ 'a'.ljust(10**9) }}",
    "{{ 'a'.zfill(10**9) }}",
    "{{ 'a'|center(10**9) }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%1000000000d'|format(1) }}",
    "{{ ['a']*10000|join('b'*100000) }}",
    "{{ [0]*10**9 }}",
    "{{ lipsum(n=100000) }}",
    "{% set ns = namespace(x='a') %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    "{% set x = 'aaaa'|replace('a', 'aaaaaaaaaa') %}{{ x }}",
    "{{ 'a'|indent(100000) }}",
    "{{ 'abc'|batch(10**9)|list }}",
    "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(40) }}",
    "{{ 10**(10**7)|string }}",
    "{{ customer.first_name|wordwrap(1) }}",
    "{{ customer|tojson }}",
    "{{ customer.first_name|urlize }}",
    "{{ customer.first_name|xmlattr }}",
    "{{ customer.first_name|attr('__class__') }}",
    "{{ customer.tags|map('upper')|join }}",
    "{{ customer.tags|slice(10**6)|list }}",
    "{{ customer.first_name[::-1] }}",
    "{{ dict(a=1) }}",
    "{{ {'a': 1} }}",
    "{{ (1, 2) }}",
    "{{ 5 // 2 }}",
    "{{ 2 % 1 }}",
    "{{ 1 < 2 < 3 }}",
    "{{ customer.first_name is defined }}",
    "{{ '" + "a" * 2_000 + "' }}",
    "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "{{ 1" + "0" * 5_000 + " }}",
    "{{ 1e999 }}",
    "{% if 1 %}" * 3_000 + "{% endif %}" * 3_000,
    "{% if 1 %}" * 30 + "{% endif %}" * 30,
    "{{ customer.first_name }}" * 2_001,
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% extends 'x' %}",
    "{% block a %}{% endblock %}",
    "{% filter upper %}a{% endfilter %}",
    "{% call x() %}{% endcall %}",
    "{% with a = 1 %}{% endwith %}",
    "{% autoescape false %}{{ customer.first_name }}{% endautoescape %}",
    "{% set x %}a{% endset %}",
    "{% for a in purchases %}{% for b in customer.tags %}{% for c in purchases %}x{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in purchases recursive %}{{ loop(a) }}{% endfor %}",
    "{% for a in purchases if a %}x{% endfor %}",
    "{% for a, b in purchases %}x{% endfor %}",
    "{% for a in 'abc' %}x{% endfor %}",
    "{% for a in customer %}x{% endfor %}",
    "{% for customer in purchases %}x{% endfor %}",
    "{% for a in purchases %}{% for b in purchases %}" + "x" * 5_000 + "{% endfor %}{% endfor %}",
    "{% for a in purchases %}{% for b in purchases %}" + ("{{ '" + "x" * 990 + "' }}") * 5 + "{% endfor %}{% endfor %}",
    "{% for a in customer.tags %}{% for b in customer.tags %}" + "{{ b }}" * 21 + "{% endfor %}{% endfor %}",
    "{% for a in customer.tags %}" + ("{{ '" + "x" * 990 + "' }}") * 67 + "{% endfor %}",
    "x" * (256 * 1024 + 1),
]

INJECTION = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ customer.__init__.__globals__ }}",
    "{{ customer['__class__'] }}",
    "{{ customer['_x'] }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ config }}",
    "{{ request.application }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ joiner }}",
    "{{ namespace }}",
    "{{ lipsum.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ get_flashed_messages() }}",
    "{{ _customer }}",
    "{{ loop._recurse }}",
    "{% for a in purchases %}{{ loop.cycle('a') }}{% endfor %}",
    "{% for a in purchases %}{{ loop.__init__ }}{% endfor %}",
    "{{ customer.first_name.upper() }}",
    "{{ customer[customer.first_name] }}",
    "{{ customer.first_name|e|safe }}",
    "{% print customer.__class__ %}",
    "{% do customer.update(1) %}",
    "{% debug %}",
]


@pytest.mark.parametrize("source", STRESS + INJECTION, ids=lambda source: source[:40])
def test_what_could_run_away_or_reach_out_is_refused(source):
    """Every stress template of G8, and every way out of a sandbox we know of."""
    problems = syntax.check(source, known_fields=())

    assert problems
    assert problems[0].line >= 1
    assert problems[0].column >= 1
    assert problems[0].message


@pytest.mark.parametrize(
    "source",
    [
        "Hello {{ customer.first_name|default('friend')|title }}",
        "{% if customer.country == 'CN' and not customer.city %}a{% elif purchases %}b{% else %}c{% endif %}",
        "{% for item in purchases %}{{ loop.index }} {{ item.amount|money(item.currency) }}{% else %}none{% endfor %}",
        "{% for tag in customer.tags %}{% for item in purchases %}{{ tag }}{{ item.product }}{% endfor %}{% endfor %}",
        "{{ 'a' ~ customer.city ~ 1 }} {{ customer.points + 1 }} {{ purchases[0].purchased_on|date('%d %B %Y') }}",
        "{{ 'vip' if 'gold' in customer.tags else 'you' }} {{ customer.points|round(2) }} {{ -1 }}",
        "{% raw %}{{ anything }}{% endraw %}{# a note #}{{ unsubscribe_url }}{{ workspace.postal_address }}",
    ],
)
def test_what_mails_need_is_allowed(source):
    assert syntax.check(source, known_fields=("points",)) == []


def test_a_problem_says_where_it_is():
    source = "line one\n  {{ customer.frist_name }}\n{{ workspace.nmae }}"

    first, second = syntax.check(source, known_fields=())

    assert (first.line, first.column, first.hint) == (2, 15, "Did you mean “customer.first_name”?")
    assert (second.line, second.hint) == (3, "Did you mean “workspace.name”?")


def test_own_fields_of_the_workspace_are_known():
    assert syntax.check("{{ customer.shoe_size }}", known_fields=("shoe_size",)) == []
    assert syntax.check("{{ customer.shoe_size }}", known_fields=())


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("<a href={{ customer.city }}>x</a>", 1),
        ("<p>\n<style>p { color: {{ customer.city }} }</style>", 2),
        ("<script>{{ customer.city }}</script>", 1),
        ('<p style="color: {{ customer.city }}">', 1),
        ('<p onclick="{{ customer.city }}">', 1),
        ("<p {{ customer.city }}>", 1),
        ("{% if customer.city %}<a href='{% endif %}'>x</a>", 1),
        ("{% for item in purchases %}<p title='{% endfor %}'>", 1),
    ],
)
def test_a_merge_field_may_not_stand_where_nothing_makes_it_safe(source, line):
    assert [problem.line for problem in syntax.check(source, kind="html")] == [line]


def test_an_unclosed_block_is_reported_where_it_starts():
    (problem,) = syntax.check("a\nb {% if customer.city %}\nc")

    assert problem.message.startswith("This cannot be read")
