"""An attempt that fails is repeated, less and less, and given up in the end; one that was refused is not."""

from datetime import timedelta

import pytest

from orderhaven.notifications.mail import mail_is_set_up, server_of_the_environment
from orderhaven.store.models import Delivery, DeliveryState
from orderhaven.store.notifications import deliveries

from .conftest import CUP, Office


def one_mail_is_due(office: Office) -> None:
    office.employs("Anna")
    office.trade.sells((CUP, 1))
    while not Delivery.objects.exists():
        office.passes(seconds=30)


def test_a_server_that_is_busy_is_asked_again(office: Office) -> None:
    office.sink.answers["RCPT"] = "451 greylisted, come back later"
    one_mail_is_due(office)
    assert Delivery.objects.get().answer == "451 greylisted, come back later"

    office.sink.answers.clear()
    office.passes(minutes=5)

    assert office.sink.subjects() == ["Wolkenwinkel: a problem with an order"]
    assert Delivery.objects.get().state == DeliveryState.DONE


def test_a_refused_reader_is_given_up_at_once_with_the_servers_words(office: Office) -> None:
    office.sink.answers["RCPT"] = "550 5.1.1 there is no such box"
    one_mail_is_due(office)

    row = Delivery.objects.get()

    assert (row.state, row.attempt, row.answer) == ("given_up", 1, "550 5.1.1 there is no such box")


def test_the_pause_doubles_up_to_six_hours() -> None:
    minutes = [deliveries.pause_after(attempt) / timedelta(minutes=1) for attempt in range(1, 12)]

    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]
    assert deliveries.pause_after(5000) == timedelta(hours=6)


def test_after_three_days_a_mail_is_given_up(office: Office) -> None:
    office.sink.answers["MAIL"] = "421 out of order"
    one_mail_is_due(office)
    row = Delivery.objects.get()

    while row.state == DeliveryState.QUEUED:
        office.trade.clock.advance(max(row.due_at - office.trade.clock.now(), timedelta(0)))
        office.does(office.round())
        row.refresh_from_db()

    assert row.state == DeliveryState.GIVEN_UP
    assert timedelta(days=3) <= row.finished_at - row.created_at <= timedelta(days=3, hours=6)
    assert 18 <= row.attempt <= 24


def test_a_server_that_is_not_there_is_said_in_the_log(office: Office) -> None:
    office.does(office.sink.stop())
    one_mail_is_due(office)

    assert Delivery.objects.get().answer == "cannot be reached"


def test_a_mail_that_the_server_took_is_not_sent_again_though_it_says_goodbye_badly(office: Office) -> None:
    office.sink.answers["QUIT"] = "500 what?"
    one_mail_is_due(office)
    office.passes(minutes=10)

    assert len(office.sink.mails) == 1
    assert Delivery.objects.get().state == DeliveryState.DONE


def test_a_mail_that_may_have_arrived_comes_again_under_the_same_name(office: Office) -> None:
    office.sink.answers["SENT"] = "451 something broke here"
    one_mail_is_due(office)
    office.sink.answers.clear()
    office.passes(minutes=5)

    first, second = office.sink.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_what_was_finished_a_month_ago_is_forgotten(office: Office) -> None:
    one_mail_is_due(office)
    told = Delivery.objects.filter(pk=Delivery.objects.get(state=DeliveryState.DONE).pk)

    office.trade.clock.advance(timedelta(days=29))
    office.does(office.notifier.scan())
    assert told.exists()
    office.trade.clock.advance(timedelta(days=2))
    office.does(office.notifier.scan())

    assert not told.exists()


# ---------------------------------------------------------------- which server


def test_name_and_password_are_given_where_they_are_set(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    port = server_of_the_environment().port
    monkeypatch.setenv("ORDERHAVEN_SMTP_URL", f"smtp://anna%40example.com:p%2Fw@127.0.0.1:{port}")
    office.opens()

    one_mail_is_due(office)

    assert len(office.sink.mails) == 1
    assert any(command.startswith("AUTH PLAIN") for command in office.sink.commands)
    assert (office.notifier.server.user, office.notifier.server.password) == ("anna@example.com", "p/w")
    assert "p/w" not in repr(office.notifier.server)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtps://mail.example.com", (465, True, False)),
        ("smtp://mail.example.com", (25, False, False)),
        ("smtp://u:p@mail.example.com:587?starttls=1", (587, False, True)),
    ],
)
def test_a_server_is_named_by_one_address(
    url: str, expected: tuple[int, bool, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERHAVEN_SMTP_URL", url)
    monkeypatch.setenv("ORDERHAVEN_MAIL_FROM", "orders@example.com")

    server = server_of_the_environment()

    assert (server.port, server.is_tls, server.starts_tls) == expected


@pytest.mark.parametrize(
    ("url", "sender", "what"),
    [
        ("smtp://mail.example.com", "", "no sender"),
        ("mail.example.com:587", "orders@example.com", "not an address"),
        ("smtp://mail.example.com:port", "orders@example.com", "not an address"),
        ("https://mail.example.com:443", "orders@example.com", "not an address"),
        ("smtp://u:secret@mail.example.com:587", "orders@example.com", "unencrypted"),
    ],
)
def test_a_server_that_cannot_be_meant_is_refused_without_showing_its_password(
    url: str, sender: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERHAVEN_SMTP_URL", url)
    monkeypatch.setenv("ORDERHAVEN_MAIL_FROM", sender)

    with pytest.raises(OSError, match=what) as said:
        server_of_the_environment()

    assert "secret" not in str(said.value)
    assert not mail_is_set_up()
