"""Golden case 7 and L1: only the owner of a mailbox turns a request into consent, and is asked rarely."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.consent import actions, facts, permission, suppression
from app.consent.asked_fields.asked import AskedField
from app.consent.ledger import verification
from app.consent.ledger.evidence import Evidence
from app.consent.signup import abuse, double_opt_in, signup_forms
from app.consent.signup.double_opt_in import Answer, ConfirmationExpired, NothingChosen, RequestRejected
from app.customers.addresses import changes
from app.customers.addresses.changes import NewAddress
from app.customers.profiles import people
from app.kernel.queueing.outbox import Listeners
from tests.factories import NOON
from tests.factories.addresses import all_addresses
from tests.factories.consent import a_form, a_topic, consented_customer

DAY = timedelta(days=1)


@pytest.fixture
def extensions(extensions):
    """A job in the place of the one that mails the question."""
    return extensions.replacing(Listeners({facts.ConfirmationRequested: ["consent_test.ask"]}))


def mails(session, workspace):
    query = "SELECT count(*) FROM outbox WHERE name = 'consent_test.ask' AND args ->> 'workspace_id' = :id"
    return session.scalar(text(query), {"id": str(workspace.id)})


def ask(session, workspace, form, *, email="ada@example.com", now=NOON, tick=None, **values):
    boxes = signup_forms.choices(session, form, language="en", sender="Shop", now=now)
    chosen = tuple(box for box in boxes if tick is None or box.name in tick)
    declined = tuple(box for box in boxes if box not in chosen and not box.topic)
    answer = Answer(
        email=email, chosen=chosen, declined=declined, page="http://shop.test/f", ip="198.51.100.7", **values
    )
    return double_opt_in.request(session, workspace.id, form, answer, now=now)


def states(session, workspace, email="ada@example.com"):
    person = people.find_by_email(session, workspace.id, email)
    return {(row.purpose, row.topic_id): row.state for row in permission.state_of(session, workspace.id, person.id)}


def test_a_request_is_not_yet_consent_and_a_confirmed_one_is(session, workspace):
    form = a_form(session, workspace.id, [workspace.topic_id], asks=["click_tracking", "profiling"])
    number = ask(session, workspace, form, tick={f"topic-{workspace.topic_id}", "click_tracking"})
    news = ("marketing", workspace.topic_id)
    assert states(session, workspace)[news] == "pending"

    assert double_opt_in.confirm(session, workspace.id, number, now=NOON) is True

    assert states(session, workspace) == {
        news: "confirmed",
        ("click_tracking", 0): "confirmed",
        ("profiling", 0): "refused",
    }
    assert verification.check(session, workspace.id) == []


def test_confirming_twice_is_harmless(session, workspace):
    form = a_form(session, workspace.id, [workspace.topic_id])
    number = ask(session, workspace, form)
    double_opt_in.confirm(session, workspace.id, number, now=NOON)

    assert double_opt_in.confirm(session, workspace.id, number, now=NOON) is False
    assert session.scalar(text("SELECT count(*) FROM consent_ledger WHERE event = 'confirmed'")) == 1


def test_a_late_confirmation_gives_nothing(session, workspace):
    form = a_form(session, workspace.id, [workspace.topic_id])
    number = ask(session, workspace, form)

    with pytest.raises(ConfirmationExpired):
        double_opt_in.confirm(session, workspace.id, number, now=NOON + double_opt_in.VALID_FOR)


def test_whoever_says_it_was_not_them_is_never_asked_again(session, workspace):
    form = a_form(session, workspace.id, [workspace.topic_id])
    number = ask(session, workspace, form)
    double_opt_in.deny(session, workspace.id, number, now=NOON)
    ask(session, workspace, form, now=NOON + 30 * DAY)

    assert mails(session, workspace) == 1
    with pytest.raises(RequestRejected):
        double_opt_in.confirm(session, workspace.id, number, now=NOON)


def test_a_form_changes_no_profile_before_its_owner_confirms(session, workspace):
    """Anybody may type anybody's address together with a name of their choice."""
    people.upsert(session, workspace.id, email="ada@example.com", fields={"first_name": "Ada"}, source="t", now=NOON)
    form = a_form(session, workspace.id, [workspace.topic_id], fields=[AskedField("first_name")])
    number = ask(session, workspace, form, fields={"first_name": "Mallory"})
    assert people.find_by_email(session, workspace.id, "ada@example.com").first_name == "Ada"

    double_opt_in.confirm(session, workspace.id, number, now=NOON)
    assert people.find_by_email(session, workspace.id, "ada@example.com").first_name == "Mallory"


def test_one_mail_a_day_and_three_ever_until_the_owner_acts(session, workspace):
    form = a_form(session, workspace.id, [workspace.topic_id])
    sent = []
    for day in range(6):
        for _ in range(2):
            number = ask(session, workspace, form, now=NOON + day * DAY)
        sent.append(mails(session, workspace))
    assert sent == [1, 2, 3, 3, 3, 3]

    latest = session.scalar(text("SELECT max(id) FROM signup_requests WHERE state = 'pending'"))
    double_opt_in.confirm(session, workspace.id, latest, now=NOON + 2 * DAY)
    number = ask(session, workspace, form, now=NOON + 7 * DAY)
    assert mails(session, workspace) == 4
    assert double_opt_in.get_request(session, workspace.id, number).state == "pending"


def test_many_topics_are_no_way_around_the_daily_limit(session, workspace):
    topics = [a_topic(session, workspace.id, name=f"Topic {number}").id for number in range(6)]
    for topic_id in topics:
        form = a_form(session, workspace.id, [topic_id], slug=f"form-{topic_id}")
        ask(session, workspace, form)

    assert mails(session, workspace) == double_opt_in.MAILS_A_DAY


def test_a_tag_behind_a_plus_is_no_way_around_the_limit(session, workspace):
    """Limits are of the mailbox; whose address it is stays as it was typed."""
    form = a_form(session, workspace.id, [workspace.topic_id])
    for number in range(5):
        ask(session, workspace, form, email=f"ada+{number}@example.com")
        ask(session, workspace, form, email=f"b.o{'.' * (number % 2)}b+{number}@gmail.com")

    assert mails(session, workspace) == 2
    assert people.find_by_email(session, workspace.id, "ada+1@example.com")
    assert people.find_by_email(session, workspace.id, "ada@example.com") is None


def test_a_mail_held_back_by_the_address_limit_costs_its_topic_nothing(session, workspace):
    topics = [a_topic(session, workspace.id, name=f"Topic {number}").id for number in range(4)]
    forms = [a_form(session, workspace.id, [topic_id], slug=f"form-{topic_id}") for topic_id in topics]
    for day in range(3):
        for form in forms:
            ask(session, workspace, form, now=NOON + day * DAY)
    assert mails(session, workspace) == 3 * double_opt_in.MAILS_A_DAY

    number = ask(session, workspace, forms[-1], now=NOON + 4 * DAY)
    assert double_opt_in.get_request(session, workspace.id, number).state == "pending"


def test_a_second_form_asks_only_about_what_is_new(session, workspace):
    offers = a_topic(session, workspace.id)
    ask(session, workspace, a_form(session, workspace.id, [workspace.topic_id]))
    both = a_form(session, workspace.id, [workspace.topic_id, offers.id], slug="both")
    number = ask(session, workspace, both, now=NOON + timedelta(hours=1))

    assert double_opt_in.get_request(session, workspace.id, number).topic_names == ("Offers",)


def test_a_hundred_posts_at_once_are_one_mail(database, workspace):
    with database.transaction(workspace.id) as session:
        form = a_form(session, workspace.id, [workspace.topic_id])

    def post(_number):
        with database.transaction(workspace.id) as session:
            return ask(session, workspace, form)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(post, range(100)))

    with database.transaction(workspace.id) as session:
        assert mails(session, workspace) == 1
        assert session.scalar(text("SELECT count(*) FROM signup_requests")) == 100
        assert verification.check(session, workspace.id) == []


def test_somebody_who_left_stays_gone_until_they_confirm(session, workspace):
    ada = consented_customer(session, workspace.id)
    actions.complain(session, workspace.id, ada.id, evidence=Evidence(method="feedback_report"), now=NOON)
    number = ask(session, workspace, a_form(session, workspace.id, [workspace.topic_id]))
    assert states(session, workspace)["marketing", workspace.topic_id] == "complained"

    double_opt_in.confirm(session, workspace.id, number, now=NOON)
    assert permission.explain(session, workspace.id, ada.id, workspace.topic_id, NOON) is None


def test_only_a_confirmed_question_ends_the_suppression_of_a_changed_address(session, workspace):
    ada = consented_customer(session, workspace.id)
    changes.change_email(session, ada, email="new@example.com", source="staff:9", now=NOON)
    assert suppression.awaits_owner(session, workspace.id, ada.id)
    assert suppression.is_suppressed(session, workspace.id, ada.address_digest)

    number = ask(session, workspace, a_form(session, workspace.id, [workspace.topic_id]), email="new@example.com")
    double_opt_in.confirm(session, workspace.id, number, now=NOON)
    assert not suppression.awaits_owner(session, workspace.id, ada.id)
    assert not suppression.is_suppressed(session, workspace.id, ada.address_digest)
    verified = {each.value: each.verified_at for each in all_addresses(session, workspace.id, ada.id)}
    assert verified == {"ada@example.com": None, "new@example.com": NOON}


def test_whoever_signs_up_with_a_second_address_is_asked_at_the_primary_one(session, workspace):
    """Nobody turns an address into the primary one by typing it into a form."""
    ada = people.upsert(session, workspace.id, email="ada@example.com", fields={}, source="test", now=NOON)
    changes.add(session, ada, NewAddress("email", "ada@work.example"), source="staff:9", now=NOON)
    number = ask(session, workspace, a_form(session, workspace.id, [workspace.topic_id]), email="Ada@Work.example")
    double_opt_in.confirm(session, workspace.id, number, now=NOON)

    assert permission.explain(session, workspace.id, ada.id, workspace.topic_id, NOON) is None
    confirmed = text("SELECT CAST(record AS jsonb) ->> 'address_digest' FROM consent_ledger WHERE event = 'confirmed'")
    asked = session.scalar(confirmed)
    assert asked == ada.address_digest.hex()
    assert ada.email == "ada@example.com"


def test_a_dead_mailbox_is_not_asked(session, workspace):
    ada = consented_customer(session, workspace.id)
    suppression.add(session, workspace.id, address_digest=ada.address_digest, reason="bounced", source="test", now=NOON)
    ask(session, workspace, a_form(session, workspace.id, [workspace.topic_id]))

    assert mails(session, workspace) == 0


def test_a_request_without_a_topic_is_refused(session, workspace):
    form = a_form(session, workspace.id, [workspace.topic_id], asks=["profiling"])

    with pytest.raises(NothingChosen):
        ask(session, workspace, form, tick={"profiling"})


@pytest.mark.parametrize(("victims", "posts"), [(5, 100)])
def test_a_storm_costs_each_victim_one_mail_and_one_action_ends_it(session, workspace, victims, posts):
    """Golden case 8, small; the same with (50, 10_000) takes minutes."""
    form = a_form(session, workspace.id, [workspace.topic_id])
    other = a_form(session, workspace.id, [a_topic(session, workspace.id).id], slug="other")
    requests = [ask(session, workspace, form, email=f"victim{number % victims}@example.com") for number in range(posts)]
    honest = ask(session, workspace, other, email="real@example.com")
    assert mails(session, workspace) == victims + 1

    rejected = abuse.purge(
        session, workspace.id, form.id, since=NOON - DAY, until=NOON + DAY, staff_id=1, now=NOON
    )

    assert rejected == posts
    assert states(session, workspace, "victim0@example.com") == {("marketing", workspace.topic_id): "rejected"}
    with pytest.raises(RequestRejected):
        double_opt_in.confirm(session, workspace.id, requests[0], now=NOON)
    assert double_opt_in.confirm(session, workspace.id, honest, now=NOON)
    kept = session.scalar(text("SELECT count(*) FROM consent_ledger WHERE event = 'rejected_abuse'"))
    assert kept == victims
    assert verification.check(session, workspace.id) == []
