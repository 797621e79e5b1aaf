"""At the shop's counter: its catalogue, carts that were left, refunds, gifts, and what is bought elsewhere."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

from app.commerce import carts, orders
from app.commerce.carts import CartLine, NewCart
from app.commerce.conditions.carts import LeftCart
from app.commerce.costs import competitors, costs
from app.commerce.costs.competitors import NewPurchase
from app.commerce.costs.costs import NewCost, Rates
from app.commerce.orders import NewRefund
from demo import acts, circles
from demo.acts import Story
from demo.shop import CATALOGUE, CATEGORY_OF, EXTRAS, NUMBER_OF, Purchase, Shop

_SHOP = "https://www.nightjar-tea.example/p/"
_HEADER = ("SKU", "Name", "Category", "Price", "Currency", "URL", "Stock", "Usual life in days", "Durable")
PRICES = {name: price for products in CATALOGUE.values() for name, price in products} | {
    name: price for price, name in EXTRAS.items()
}
# What stays in the cupboard, and how many days it usually does.
LASTS = {name: 365 if name == "Matcha whisk" else 1_825 for name, _ in CATALOGUE["Teaware"]}
LEFT_HOURS, LEFT_DAYS = 4, 7
LEFT_A_CART = LeftCart(hours=LEFT_HOURS, days=LEFT_DAYS)
CARTS, REFUNDS, GIFTS, ELSEWHERE = 90, 12, 10, 15
_RIVALS = ("Teehaus am Markt", "Leaf & Co", "The supermarket")


def bring_catalogue(story: Story, folder: Path) -> None:
    """Import what the shop sells: products that were bought are known by name, and get the rest."""
    path = folder / "products.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for number, (name, price) in enumerate(PRICES.items()):
            lasts = (str(LASTS[name]), "yes") if name in LASTS else ("", "no")
            page = f"{_SHOP}{NUMBER_OF[name].lower()}"
            writer.writerow(
                (NUMBER_OF[name], name, CATEGORY_OF[name], f"{price:.2f}", "EUR", page, str(number * 7 % 60), *lasts)
            )
    acts.bring_in(story, "products", path)
    story.stage.settle()
    kept = "SELECT count(*) FROM owned_items WHERE workspace_id = :w"
    story.sums.add("teaware people own, by their orders", len(list(_kept(story.shop))), story.stage.count(kept))


def open_today(story: Story) -> None:
    """Let people leave carts and send things back, the shop give its best customers a gift, and some buy elsewhere."""
    _leave_carts(story)
    back = _send_back(story)
    _give(story)
    stage, sums = story.stage, story.sums
    stage.settle()
    cents = sum(_cents(each) for each in story.shop.purchases) - sum(_cents(each) for each in back)
    rolled_up = stage.count("SELECT (sum(spent) * 100)::bigint FROM customer_engagement WHERE workspace_id = :w")
    sums.add("revenue in cents, less what was given back", cents, rolled_up)
    refs = {purchase.order_ref for purchase in back}
    owned = [ref for ref in _kept(story.shop) if ref not in refs]
    still = "SELECT count(*) FROM owned_items WHERE workspace_id = :w AND ended_on IS NULL"
    sums.add("teaware people still own", len(owned), stage.count(still))


def _kept(made: Shop) -> Iterator[str]:
    """Yield the order of each line of something that lasts."""
    return (
        purchase.order_ref for purchase in made.purchases for line in purchase.lines if line.product in LASTS
    )


def _leave_carts(story: Story) -> None:
    """Let people leave carts, one every three hours back from now; every ninth was emptied again."""
    stage, products = story.stage, list(PRICES.items())
    left = 0
    with stage.transaction() as session:
        for number, person in enumerate(islice(story.shop.people[5::53], CARTS)):
            hours = 3 * number + 1
            at = stage.now - timedelta(hours=hours)
            name, price = products[number % len(products)]
            amount = Decimal(f"{price:.2f}")
            lines = [] if number % 9 == 8 else [CartLine(NUMBER_OF[name], name, 1, amount)]
            customer = circles.find(session, stage.workspace_id, person)
            worth = amount if lines else Decimal(0)
            carts.save(
                session, stage.workspace_id, NewCart(f"cart-{number}", customer.id, worth, "EUR", lines, changed_at=at)
            )
            left += bool(lines) and LEFT_HOURS <= hours <= LEFT_DAYS * 24
    acts.choose(story, "Left a cart this week", LEFT_A_CART, left)


def _send_back(story: Story) -> tuple[Purchase, ...]:
    """Give the money of the latest orders back, and take their pieces."""
    stage, back = story.stage, story.shop.purchases[-REFUNDS:]
    with stage.transaction() as session:
        for purchase in back:
            returned = {number: line.pieces for number, line in enumerate(purchase.lines, start=1)}
            new = NewRefund(f"R-{purchase.order_ref}", Decimal(purchase.amount), stage.now, "Sent back", returned)
            orders.refund(session, stage.workspace_id, purchase.order_ref, new, now=stage.now)
    stage.say(f"{CARTS} carts left, {len(back)} orders sent back")
    return back


def _give(story: Story) -> None:
    """Give those who spend most a gift and time on the telephone, and note what others are known to buy elsewhere."""
    stage = story.stage
    spent: Counter[str] = Counter()
    for purchase in story.shop.purchases:
        spent[purchase.email] += _cents(purchase)
    people = {person.email: person for person in story.shop.people}
    with stage.transaction() as session:
        budget = Rates(service_minute=Decimal("0.80"), mail=Decimal("0.00"), gift_budget=Decimal(60))
        costs.set_rates(session, stage.workspace_id, budget, staff_id=stage.staff_id, now=stage.now)
        for email, _ in spent.most_common(GIFTS):
            customer = circles.find(session, stage.workspace_id, people[email])
            gift = NewCost("gift", stage.now.date(), amount=Decimal("18.00"), note="Tasting set")
            call = NewCost("service", stage.now.date(), minutes=15, note="Advice on the telephone")
            for cost in (gift, call):
                costs.add(session, stage.workspace_id, customer.id, cost, source="staff", now=stage.now,
                          staff_id=stage.staff_id)  # fmt: skip
        for number, person in enumerate(story.shop.people[7 : 7 + ELSEWHERE]):
            customer = circles.find(session, stage.workspace_id, person)
            bought = NewPurchase("Green tea", _RIVALS[number % len(_RIVALS)], told_by="asked")
            competitors.add(session, stage.workspace_id, customer.id, bought, now=stage.now, staff_id=stage.staff_id)
    gifts = "SELECT count(*) FROM customer_costs WHERE workspace_id = :w AND kind = 'gift'"
    story.sums.add("gifts to those who spend most", GIFTS, stage.count(gifts))


def _cents(purchase: Purchase) -> int:
    return round(float(purchase.amount) * 100)
