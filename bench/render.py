"""Rendering benchmark: 30 KB of HTML, 3 KB of text, 12 links, 6 merge fields, an if, a loop.

Needs nothing but the compiler: ``python -m bench.render``.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from statistics import median
from typing import Any

from app.rendering import compiler, dkim, mime
from app.rendering.content import Content, Stream
from app.rendering.slots import Slots

_WORDS = [
    "the", "garden", "in", "spring", "needs", "little", "more", "than", "timeout", "and", "a", "good", "pair", "of",
    "gloves", "while", "seeds", "wait", "for", "warm", "nights", "every", "bed", "wants", "compost", "before", "rain",
]  # fmt: skip
_NAMES = ("Ada", "Zoë", "Björn", "李明", "O'Neil", "<b>Eve</b>", "Marie", "José", "Ivan", "Grace")


def sample_content() -> Content:
    """Return the test message's sources."""
    random = Random(7)
    blocks = "".join(_block(random, number) for number in range(11))
    filler = _paragraphs(random, 29_900 - len(blocks) - 1_500, width=400)
    html = (
        '<!doctype html><html lang="en" dir="ltr"><head><meta charset="utf-8"><title>{{ workspace.name }}</title>'
        '</head><body style="margin:0"><h1>Hello {{ customer.first_name }} {{ customer.last_name }}</h1>'
        "{% if customer.country == 'CN' %}<p>Free shipping to {{ customer.city }}.</p>"
        "{% else %}<p>Ships in two days.</p>{% endif %}"
        f"{blocks}{filler}"
        "<ul>{% for item in purchases %}<li>{{ item.product }}: {{ item.amount }}</li>{% endfor %}</ul>"
        '<p>{{ workspace.postal_address }} <a href="{{ preferences_url }}">Preferences</a> '
        '<a href="{{ unsubscribe_url }}">Unsubscribe</a></p><p>Sent to {{ customer.email }}</p></body></html>'
    )
    text = "Hello {{ customer.first_name }},\n\n" + "\n".join(" ".join(random.choices(_WORDS, k=11)) for _ in range(50))
    footer = "\n\n{{ workspace.postal_address }}\nUnsubscribe: {{ unsubscribe_url }}\n"
    subject = "{{ customer.first_name }}, spring is here"
    return Content(subject, "News from the garden", html, text[:3_000] + footer, "en")


def sample_stream(*signers: dkim.Signer) -> Stream:
    """Return the test message's stream."""
    return Stream(
        from_name="The Garden Shop",
        from_address="news@garden.example",
        public_url="https://mail.garden.example",
        reply_to="hello@garden.example",
        list_id="news.garden.example",
        list_name="Garden news",
        feedback=("c42", "w7", "campaign"),
        postal_address="The Garden Shop, 12 Orchard Lane, 12345 Greenfield",
        bounce_domain="bounces.garden.example",
        workspace={"name": "The Garden Shop", "sender_name": "The Garden Shop"},
        signers=signers,
    )


def sample_people(count: int) -> Iterator[tuple[dict[str, Any], Slots]]:
    """Yield so many people with their slots; a quarter have names outside ASCII or with HTML in them."""
    for number in range(count):
        customer = {
            "first_name": _NAMES[number % len(_NAMES)],
            "last_name": f"Number {number}",
            "email": f"person{number}@mail.example",
            "country": "CN" if number % 4 == 0 else "DE",
            "city": "Shanghai",
        }
        purchases = [{"product": f"Rose {n}", "amount": "12.50", "currency": "EUR"} for n in range(3)]
        token = f"{number:062d}"
        yield (
            {"customer": customer, "purchases": purchases},
            Slots(customer["email"], token, "", token, token, click=token, open=token),
        )


def run(*, people: int = 2_000, runs: int = 5) -> list[dict[str, Any]]:
    """Return one row a way of rendering, in CPU microseconds per message."""
    ed25519 = dkim.Signer("garden.example", "e1", dkim.new_ed25519_key().private_pem)
    rsa = dkim.Signer("garden.example", "r1", dkim.new_rsa_key().private_pem)
    ways = [
        ("render", compiler.Path.FLAT, ()),
        ("render_fallback", compiler.Path.PREENCODED, ()),
        ("render_ed25519", compiler.Path.FLAT, (ed25519,)),
        ("render_rsa2048", compiler.Path.FLAT, (rsa,)),
    ]
    content, everyone = sample_content(), list(sample_people(people))
    date = mime.date_header(datetime(2026, 3, 2, 10, tzinfo=UTC))
    rows = []
    for name, path, signers in ways:
        message = compiler.compile_content(content, stream=sample_stream(*signers), path=path)
        costs = [_cost(message, everyone, date) for _ in range(runs)]
        rows.append({"name": name, "unit": "µs CPU/message", "median": median(costs), "min": min(costs),
                     "max": max(costs), "cpu_us": median(costs), "runs": runs})  # fmt: skip
    return rows


def _cost(message: compiler.CompiledMessage, everyone: list[tuple[dict[str, Any], Slots]], date: bytes) -> float:
    before = _cpu_seconds()
    for person, slots in everyone:
        message.render(person, slots, date=date)
    return (_cpu_seconds() - before) / len(everyone) * 1e6


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _block(random: Random, number: int) -> str:
    return (
        '<table role="presentation" width="100%" style="border-collapse:collapse"><tr><td style="padding:16px">'
        f"<h2>{' '.join(random.choices(_WORDS, k=4))}</h2>{_paragraphs(random, 500, width=250)}"
        f'<a href="https://shop.example/item/{number}?utm_source=mail&amp;n={number}" style="color:#1a4">Look</a>'
        "</td></tr></table>\n"
    )


def _paragraphs(random: Random, size: int, *, width: int) -> str:
    out = ""
    while len(out) < size:
        sentence = " ".join(random.choices(_WORDS, k=width // 6))
        out += f'<p style="font:16px/24px sans-serif;color:#333">{sentence}.</p>\n'
    return out


if __name__ == "__main__":
    sample = compiler.compile_content(sample_content(), stream=sample_stream())
    person, slots = next(sample_people(1))
    print(len(sample_content().html), len(sample.render(person, slots, date=b"Mon, 02 Mar 2026 10:00:00 +0000")))
    for row in run():
        print(f"{row['name']:<18} {row['median']:8.1f} {row['unit']}  ({row['min']:.1f} to {row['max']:.1f})")
