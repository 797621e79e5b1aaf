"""Rejection codes of imported rows; pages and the error file put them into words."""

from __future__ import annotations

from app.kernel.translatable import N_

TOO_LONG, NOBODY, TWO_PEOPLE = "too_long", "nobody", "two_people"
REASONS = {
    "address": N_("This is not an email address that mail can be sent to: %(detail)s"),
    NOBODY: N_("The row does not say who it is about (%(detail)s is empty)."),
    "ragged": N_("The number of cells in the row (%(detail)s) is not that of the heading."),
    TOO_LONG: N_("A cell is too long: %(detail)s"),
    "endless": N_("A cell of this row has more than 100,000 characters. Its text cannot be given back."),
    "unclosed": N_("A quotation mark is opened in line %(detail)s of the file and never properly closed."),
    "json": N_("Line %(detail)s of the file holds no JSON object."),
    "nul": N_("The row holds a NUL character, which no text may."),
    "encoding": N_("The row holds bytes that are no text in the chosen encoding."),
    "number": N_("This is not a number: %(detail)s"),
    "date": N_("This is not a date: %(detail)s"),
    "date_time": N_("This is not a date and time: %(detail)s"),
    "money": N_("This is not an amount of money, such as 1234.50 EUR: %(detail)s"),
    "multi_choice": N_("Something here is not one of the choices: %(detail)s"),
    "reference": N_("Nothing, or more than one thing, is called so: %(detail)s"),
    "boolean": N_("This is neither yes nor no: %(detail)s"),
    "truth": N_("This is neither yes nor no: %(detail)s"),
    "choice": N_("This is not one of the choices: %(detail)s"),
    "text": N_("This text is too long: %(detail)s"),
    "tags": N_("A customer has at most 50 tags of 60 characters: %(detail)s"),
    "time_zone": N_("This is not a time zone: %(detail)s"),
    "purpose": N_("This is none of the purposes one can agree to: %(detail)s"),
    "country": N_("This is not a country: %(detail)s"),
    "language": N_("This is not a language: %(detail)s"),
    "gender": N_("This is not a gender that is known here: %(detail)s"),
    "birth_date": N_("Nobody was born on such a day: %(detail)s"),
    "kind": N_("This is neither a consumer nor a business contact: %(detail)s"),
    "preferred_channel": N_("This is not a channel, such as email, phone or post: %(detail)s"),
    "currency": N_("This is not a currency, such as EUR: %(detail)s"),
    "amount": N_("This is not an amount: %(detail)s"),
    "items": N_("This is not a number of items: %(detail)s"),
    "product": N_("The product number is missing or too long: %(detail)s"),
    "url": N_("This is not a web address that begins with https://: %(detail)s"),
    "stock": N_("This is not a number of pieces: %(detail)s"),
    "life_days": N_("This is not a number of days, between 1 and 36,500: %(detail)s"),
    "attributes": N_("These are not at most 50 attributes, such as colour: red; size: 42: %(detail)s"),
    "order": N_("The order number is missing or too long: %(detail)s"),
    "order_twice": N_("This order number stands in the file twice: %(detail)s"),
    "order_line": N_("Another row of this order cannot be read: %(detail)s"),
    "order_refunded": N_("More of this order was refunded than the amount in the file: %(detail)s"),
    "order_long": N_("This order has more than 500 rows: %(detail)s"),
    "order_mixed": N_("The rows of this order name different people, currencies or totals: %(detail)s"),
    "order_apart": N_("The rows of this order stand too far apart; sort the file by order number: %(detail)s"),
    "order_of_other": N_("This order belongs to another customer: %(detail)s"),
    "unknown": N_("There is no customer like this: %(detail)s"),
    "phone": N_("This is not a phone number: %(detail)s"),
    "postal": N_("A postal address has letters and at most 500 characters: %(detail)s"),
    "addresses": N_("A customer has at most 20 addresses at a time: %(detail)s"),
    TWO_PEOPLE: N_("The customer number and the email address are two people's: %(detail)s"),
    "event": N_("The row names no event."),
    "event_reserved": N_("Events of this name are recorded by this service; give yours another name: %(detail)s"),
    "event_time": N_("An event lies after 1969, and at most a year ahead: %(detail)s"),
    "properties": N_("These are not at most 20 properties, such as plan: gold; seats: 3: %(detail)s"),
    "item_name": N_("The row does not say what is owned: a name, or the number of a product."),
    "item_of_other": N_("Another customer has the item of this number: %(detail)s"),
    "condition": N_("This is neither new nor used: %(detail)s"),
    "relation": N_("Write the related person, and what they are, such as parent or colleague: %(detail)s"),
    "relation_nothing": N_("The row names no related person, organisation or household."),
    "relation_self": N_("Nobody is related to themselves: %(detail)s"),
    "relation_circle": N_("This would go in a circle: %(detail)s"),
    "relation_referred": N_("Somebody else referred them already: %(detail)s"),
    "relation_many": N_("A person has at most 200 relations: %(detail)s"),
    "buying_roles": N_("This is not a part in the buying centre, such as decider: %(detail)s"),
    "member_dates": N_("The last day is before the first: %(detail)s"),
    "member_many": N_("A person is at most at 50 organisations: %(detail)s"),
    "household_twice": N_("The file puts this person into two households: %(detail)s"),
    "household_full": N_("A household has at most 50 people: %(detail)s"),
    "organisation_unknown": N_("There is no organisation like this: %(detail)s"),
    "organisation_unclear": N_("Several organisations are called so; write the number of the one you mean: %(detail)s"),
    "organisation_twice": N_("Another row of the file is about the same organisation: %(detail)s"),
    "organisation_name": N_("No organisation has this number yet, and the row names none: %(detail)s"),
    "organisation_parent": N_("There is no such organisation to belong to, or its row is rejected: %(detail)s"),
    "organisation_cycle": N_(
        "The organisation would stand above itself, or more than 10 levels deep, below %(detail)s."
    ),
    "employees": N_("This is not a number of employees: %(detail)s"),
    "domains": N_("These are not at most 20 domains, such as example.com: %(detail)s"),
    "future": N_("This day lies ahead: %(detail)s"),
    "hash": N_("This is not a hash of an address: %(detail)s"),
    "foreign_hash": N_("This hash was made elsewhere; no address can be recognised by it: %(detail)s"),
    "suppression": N_("This is not a reason to suppress an address, such as bounced or complaint: %(detail)s"),
    "scope": N_(
        "A suppressed address gets no mail at all. Import a no to one topic with people, as consent: %(detail)s"
    ),
    "taken": N_("The address or customer number belongs to another customer: %(detail)s"),
}


# The row itself cannot be read, whatever its columns mean.
UNREADABLE = frozenset(("ragged", "endless", "unclosed", "json", "nul", "encoding"))


class RowRefused(Exception):
    """One row cannot be taken; the others go on. `place` is the column at fault, where it is one."""

    def __init__(self, reason: str, detail: str = "", place: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail[:200]
        self.place = place
