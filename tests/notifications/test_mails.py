"""Who gets which mail, and when: grouped, once, and in the reader's own words."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from orderhaven.actions import notifications, orders
from orderhaven.actions.account_setup import poll_now
from orderhaven.core.access import Role
from orderhaven.core.notifications import NotificationKind
from orderhaven.notifications.mail import mail_is_set_up
from orderhaven.ports.connector import Side
from orderhaven.ports.sandbox import Malformation, SandboxList
from orderhaven.store.models import Connection, Delivery, Merchant, Notification, Order
from tests.journeys.conftest import LAMP, MUG

from .conftest import CUP, Office

# ---------------------------------------------------------------- trouble with a shop


def test_a_shop_that_is_down_for_an_hour_is_one_mail_and_one_all_clear(office: Office) -> None:
    office.employs("Anna")
    office.passes(minutes=6)
    for _ in range(3):
        office.trade.sells()

    office.trade.goes_down(office.trade.shop)
    office.passes(minutes=60)
    office.trade.shop.faults.clear()
    office.passes(minutes=60)

    assert office.sink.subjects() == [
        "Wolkenwinkel: 'Webshop' cannot be used",
        "Wolkenwinkel: 'Webshop' works again",
    ]


def test_what_an_outage_makes_of_orders_is_no_storm(office: Office) -> None:
    office.employs("Anna")
    refs = [office.trade.sells() for _ in range(3)]
    office.passes(minutes=12)
    for ref in refs:
        office.trade.shop.complete(office.trade.shop_ref(ref))
    office.passes(minutes=6)

    office.trade.goes_down(office.trade.shop)
    office.passes(minutes=30)
    office.trade.passes(hours=3)
    office.passes(minutes=30)
    assert [office.trade.problems(ref) for ref in refs] == [["wait_extended"]] * 3
    office.trade.shop.faults.clear()
    office.passes(minutes=60)

    assert office.sink.subjects() == [
        "Wolkenwinkel: 'Webshop' cannot be used",
        "Wolkenwinkel: 'Webshop' works again",
    ]


def test_orders_that_are_refused_for_one_cause_are_one_mail(office: Office) -> None:
    office.employs("Anna")
    office.passes(minutes=6)
    refs = [office.trade.sells() for _ in range(30)]
    office.trade.shop.refuses = lambda order_draft: f"order {order_draft.order.ref}: billing is not valid"

    office.passes(minutes=60)

    assert office.sink.subjects() == ["Wolkenwinkel: 'Webshop' rejects order after order"]
    assert not [ref for ref in refs if ref in office.sink.text()]


def test_after_a_clock_that_was_ahead_mails_go_on(office: Office) -> None:
    office.employs("Anna")
    right = office.trade.clock.now()
    office.trade.clock._now = right + timedelta(days=1)
    office.does(office.round())
    office.trade.clock._now = right
    office.trade.sells((CUP, 1))

    office.passes(minutes=8)

    assert len(office.sink.subjects()) == 1


def test_a_hiccup_of_a_shop_is_not_reported(office: Office) -> None:
    office.employs("Anna")

    office.trade.goes_down(office.trade.shop)
    office.passes(minutes=7)
    assert office.trade.connection(Side.SHOP).failing_since
    office.trade.shop.faults.clear()
    office.passes(minutes=60)

    assert office.sink.subjects() == []


def test_a_shop_that_fails_again_and_again_is_reported_as_one_outage(office: Office) -> None:
    office.employs("Anna")
    shop = Connection.objects.filter(side=Side.SHOP)
    office.trade.goes_down(office.trade.shop)
    office.passes(minutes=20)
    assert len(office.sink.mails) == 1

    for _ in range(5):  # works for a minute, and fails again
        shop.update(failing_since=None, failures=0)
        office.does(office.round())
        shop.update(failing_since=office.trade.clock.now(), failures=1)
        office.passes(minutes=5)
    office.trade.shop.faults.clear()
    office.passes(minutes=30)

    assert office.sink.subjects() == [
        "Wolkenwinkel: 'Webshop' cannot be used",
        "Wolkenwinkel: 'Webshop' works again",
    ]


def test_rejected_keys_are_reported_with_what_to_do(office: Office) -> None:
    office.employs("Anna")

    office.trade.rotates_secrets_wrongly(Side.SHOP)
    office.passes(minutes=20)

    assert office.sink.subjects() == ["Wolkenwinkel: 'Webshop' cannot be used"]
    assert "Make or copy it again" in office.sink.text()
    assert "https://orders.example.com/wolkenwinkel/connections" in office.sink.text()


def test_a_row_that_names_no_order_is_reported_once_and_never_called_mended(office: Office) -> None:
    office.employs("Anna")
    office.passes(minutes=6)
    office.trade.marketplace.faults.malform(SandboxList.CHANGES, office.trade.sells(), Malformation.UNIDENTIFIED, False)

    office.passes(minutes=30)
    poll_now(office.trade.context, "bol NL")
    office.passes(minutes=30)

    assert office.sink.subjects() == ["Wolkenwinkel: 'bol NL' lists what nobody understands"]
    assert "without saying which order" in office.sink.text().replace("\n", " ")


def test_who_pauses_a_connection_is_not_notified_that_it_works_again(office: Office) -> None:
    office.employs("Anna")
    office.trade.goes_down(office.trade.shop)
    office.passes(minutes=20)

    Connection.objects.filter(side=Side.SHOP).update(state="paused")
    office.passes(minutes=30)

    assert office.sink.subjects() == ["Wolkenwinkel: 'Webshop' cannot be used"]
    assert not Notification.objects.filter(kind=NotificationKind.CONNECTION).exists()


# ---------------------------------------------------------------- problems of orders


def test_three_problems_within_a_minute_are_one_mail_that_names_three_orders(office: Office) -> None:
    office.employs("Anna")
    refs = [office.trade.sells((CUP, 1)) for _ in range(3)]

    office.passes(minutes=30)

    assert office.sink.subjects() == ["Wolkenwinkel: 3 problems with orders"]
    assert [ref in office.sink.text() for ref in refs] == [True] * 3
    assert f"https://orders.example.com/wolkenwinkel/orders/bol%20NL/{refs[0]}" in office.sink.text()
    assert "CUP-9 (Cup) is not in the shop." in office.sink.text()


def test_a_problem_that_was_solved_before_it_was_reported_is_not_reported(office: Office) -> None:
    office.employs("Anna")
    ref = office.trade.sells((CUP, 1))
    while not office.trade.problems(ref):
        office.passes(seconds=30)

    orders.handle(office.context, ref)
    orders.retry(office.context, ref)
    assert office.trade.problems(ref) == []
    office.passes(minutes=30)

    assert office.sink.subjects() == []


def test_a_problem_is_reported_once_however_long_it_lasts(office: Office) -> None:
    office.employs("Anna")
    office.trade.sells((CUP, 1))

    office.passes(hours=1)

    assert office.sink.subjects() == ["Wolkenwinkel: a problem with an order"]


def test_problems_that_keep_coming_are_a_mail_every_quarter_of_an_hour(office: Office) -> None:
    office.employs("Anna")

    for _ in range(12):
        office.trade.sells((CUP, 1))
        office.passes(minutes=5)

    assert 3 <= len(office.sink.mails) <= 5
    made = Delivery.objects.order_by("id").values_list("created_at", flat=True)
    gaps = [later - earlier for earlier, later in zip(made, list(made)[1:], strict=False)]
    assert min(gaps) >= timedelta(minutes=15)


def test_a_long_list_ends_with_how_many_more(office: Office) -> None:
    office.employs("Anna")
    for _ in range(30):
        office.trade.sells((CUP, 1))

    office.passes(minutes=30)

    assert office.sink.subjects() == ["Wolkenwinkel: 30 problems with orders"]
    assert "And 5 more: https://orders.example.com/wolkenwinkel/orders?tab=problems" in office.sink.text()


# ---------------------------------------------------------------- the other kinds


def test_a_cancellation_request_is_reported(office: Office) -> None:
    office.employs("Anna")
    ref = office.trade.sells()
    office.passes(minutes=6)

    office.trade.marketplace.request_cancellation(ref)
    office.passes(minutes=12)

    assert office.sink.subjects() == ["Wolkenwinkel: a buyer asks to cancel"]
    assert ref in office.sink.text()


def test_an_order_that_may_be_late_is_reported_in_the_readers_own_time(office: Office) -> None:
    office.employs("Anna", time_zone="America/New_York")
    ref = office.trade.sells()
    office.passes(minutes=6)
    Order.objects.filter(ref=ref).update(ship_by=office.trade.clock.now() + timedelta(hours=5))

    office.passes(minutes=50)
    assert office.sink.subjects() == []
    office.passes(minutes=20)

    assert office.sink.subjects() == ["Wolkenwinkel: an order may be sent too late"]
    assert f"bol NL {ref}" in office.sink.text()
    assert "To be sent by 2 March 09:06." in office.sink.text()


def test_a_mail_says_when_a_deadline_is_estimated_and_when_the_marketplace_cancels_by_itself(office: Office) -> None:
    office.employs("Anna", time_zone="Europe/Amsterdam")
    guessed, ends = office.trade.sells(), office.trade.sells((LAMP, 1))
    office.passes(minutes=6)
    soon = office.trade.clock.now() + timedelta(hours=2)
    Order.objects.filter(ref=guessed).update(ship_by=soon, ship_by_is_estimated=True)
    Order.objects.filter(ref=ends).update(ship_by=None, expires_at=soon)

    office.passes(minutes=20)

    assert "To be sent by 2 March 12:06, estimated from the day of delivery that was promised." in office.sink.text()
    assert "bol NL cancels it by itself after 2 March 12:06." in office.sink.text()


def test_what_was_sent_or_is_not_the_merchants_to_send_is_never_late(office: Office) -> None:
    office.employs("Anna")
    sent, theirs, left = office.trade.sells(), office.trade.sells((MUG, 2)), office.trade.sells((LAMP, 1))
    office.passes(minutes=12)
    office.trade.shop.complete(office.trade.shop_ref(sent), tracking_number="3SABCD1234567")
    office.passes(minutes=12)
    Order.objects.filter(ref=theirs).update(by_marketplace=True)
    Order.objects.filter(ref=left).update(hold="ignored")

    Order.objects.update(ship_by=office.trade.clock.now() + timedelta(hours=1))
    office.passes(minutes=20)

    assert office.sink.subjects() == []


def test_the_digest_comes_at_seven_in_the_morning_of_the_hub(office: Office) -> None:
    anna = office.employs("Anna")
    notifications.set_preference(office.context, anna.pk, {NotificationKind.DIGEST})
    office.trade.sells((CUP, 1))
    office.passes(minutes=30)
    assert office.sink.subjects() == ["Wolkenwinkel: how things stand on 2 March"]  # the hub began at ten

    office.trade.passes(hours=20, minutes=28)
    office.passes(minutes=1)
    assert len(office.sink.mails) == 1
    office.passes(minutes=2)
    office.trade.passes(hours=6)
    office.passes(minutes=1)

    assert office.sink.subjects()[1:] == ["Wolkenwinkel: how things stand on 3 March"]
    assert "Problems: 1" in office.sink.text()
    assert "Unknown product: 1" in office.sink.text()


# ---------------------------------------------------------------- who is notified


def test_by_default_operators_and_administrators_are_notified_and_viewers_are_not(office: Office) -> None:
    office.employs("Vera", Role.VIEWER)
    office.employs("Otto", Role.OPERATOR)
    office.employs("Ada", Role.ADMINISTRATOR)
    office.trade.sells((CUP, 1))

    office.passes(minutes=30)

    assert office.sink.readers() == ["ada@example.com", "otto@example.com"]


def test_a_preference_counts_more_than_the_role(office: Office) -> None:
    vera, otto = office.employs("Vera", Role.VIEWER), office.employs("Otto", Role.OPERATOR)
    notifications.set_preference(office.context, vera.pk, {NotificationKind.PROBLEM})
    notifications.set_preference(office.context, otto.pk, set())
    office.trade.sells((CUP, 1))

    office.passes(minutes=30)

    assert office.sink.readers() == ["vera@example.com"]
    assert notifications.preferences(office.context, vera.pk)[NotificationKind.PROBLEM]
    assert not any(notifications.preferences(office.context, otto.pk).values())


def test_a_removed_user_is_not_notified_any_more(office: Office) -> None:
    anna = office.employs("Anna")
    office.sink.answers["MAIL"] = "421 come back later"
    office.trade.sells((CUP, 1))
    office.passes(minutes=10)
    assert Delivery.objects.get().answer == "421 come back later"

    anna.memberships.all().delete()
    office.sink.answers.clear()
    office.passes(minutes=30)

    assert office.sink.mails == []
    assert Delivery.objects.get().state == "given_up"


def test_nobody_learns_of_another_merchants_orders(office: Office) -> None:
    other = Merchant.objects.create(name="Somebody else", slug="somebody-else")
    stranger = office.employs("Sam")
    stranger.memberships.update(merchant=other)
    office.trade.sells((CUP, 1))

    office.passes(minutes=30)

    assert office.sink.mails == []


@dataclass(frozen=True)
class Accent:
    """A language that is English with its own name in front."""

    name: str

    def gettext(self, message: str) -> str:
        return f"{self.name}! {message}"

    def ngettext(self, one: str, more: str, number: int) -> str:
        return self.gettext(one if number == 1 else more)


def test_each_reader_is_written_to_in_their_own_language(office: Office) -> None:
    office.catalogue_of = Accent
    office.opens()
    office.employs("Nele", language="nl")
    office.employs("Anna")
    office.trade.sells((CUP, 1))

    office.passes(minutes=30)

    assert {mail["To"]: mail["Subject"].split()[0] for mail in office.sink.mails} == {
        "nele@example.com": "nl!",
        "anna@example.com": "en!",
    }


# ---------------------------------------------------------------- what stands around a mail


def test_a_mail_says_that_a_machine_wrote_it_and_where_to_stop_it(office: Office) -> None:
    office.employs("Anna")
    office.trade.sells((CUP, 1))
    office.passes(minutes=30)

    [mail] = office.sink.mails
    assert mail["From"] == "Orderhaven <orders@hub.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == "<https://orders.example.com/me>"
    assert str(mail["Message-ID"]).endswith("@hub.example>")
    assert "Choose what you get: https://orders.example.com/me" in office.sink.text()


def test_without_a_mail_server_no_mail_is_made(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDERHAVEN_SMTP_URL")
    office.opens()
    office.employs("Anna")
    office.trade.sells((CUP, 1))

    office.passes(minutes=30)

    assert not mail_is_set_up()
    assert not Delivery.objects.exists()
    assert not Notification.objects.exists()
