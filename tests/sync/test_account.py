"""What an account has of its own is read every day, and counts from then on; a reading that fails stops nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from orderhaven.core.carriers import Carrier
from orderhaven.core.problems import ProblemKind
from orderhaven.core.sentences import sentence
from orderhaven.ports.account import AccountChoices
from orderhaven.ports.connector import Capability, Side
from orderhaven.store.models import Connection, ConnectionState, Event, Problem
from orderhaven.testing.draft_shop import DRAFT_SHOP
from orderhaven.testing.feed_marketplace import FEED_MARKETPLACE
from orderhaven.testing.sandbox_auth import FaultKind, SandboxFault
from orderhaven.words.timeline import event_words
from tests.journeys.conftest import start_trade
from tests.sync.conftest import Shift


@pytest.fixture
def trade(store: None) -> Iterator[Shift]:
    started: Any = start_trade(FEED_MARKETPLACE, DRAFT_SHOP)
    started.__class__ = Shift
    Connection.objects.update(account_due_at=started.clock.now())
    started.passes(minutes=10)
    yield started
    started.close()


def codes(trade: Shift) -> dict[str, str]:
    """What the marketplace's account calls each carrier -> its code."""
    return {label: code for code, label in trade.marketplace.carriers.items()}


def account(trade: Shift) -> Connection:
    return trade.connection(Side.MARKETPLACE)


def changes(trade: Shift) -> list[str]:
    found = Event.objects.filter(connection=account(trade), kind="account_changed").order_by("id")
    return [event_words(one.kind, one.data) for one in found]


def shipped(trade: Shift) -> str:
    ref = trade.completed()
    trade.passes(minutes=15)
    return ref


def test_an_account_is_read_once_a_day(trade: Shift) -> None:
    began = account(trade).account_read_at
    trade.marketplace.calls.clear()

    trade.passes(hours=60)

    assert trade.marketplace.calls.count("GET /account") == 2
    assert account(trade).account_read_at - began > timedelta(hours=47)


def test_what_a_reading_brings_is_said_and_what_it_leaves_alone_is_not(trade: Shift) -> None:
    del trade.marketplace.carriers[codes(trade)["DPD"]]
    trade.marketplace.channels["de"] = "Germany"
    trade.marketplace.lacks |= {Capability.CANCEL}

    trade.passes(hours=60)

    assert changes(trade) == [
        "The account changed (no longer possible: cancelling orders, new channels: Germany, carriers that are gone: DPD)"
    ]
    assert account(trade).channels["de"] == "Germany"


def test_a_carrier_goes_by_the_code_that_its_account_has_for_it(trade: Shift) -> None:
    ref = shipped(trade)

    assert [one.carrier_code for one in trade.confirmed(ref)] == [codes(trade)["PostNL"]]


def test_a_carrier_that_a_person_chose_is_what_the_marketplace_gets(trade: Shift) -> None:
    trade.marketplace.carriers["X-1"] = "The orange one"
    choices = AccountChoices(carriers={"X-1": Carrier.POSTNL})
    Connection.objects.filter(pk=account(trade).pk).update(account_choices=choices, account_due_at=trade.clock.now())
    trade.passes(minutes=6)

    ref = shipped(trade)

    assert [one.carrier_code for one in trade.confirmed(ref)] == ["X-1"]


def test_a_carrier_that_the_account_lost_is_not_sent_and_the_problem_says_where_to_choose(trade: Shift) -> None:
    del trade.marketplace.carriers[codes(trade)["PostNL"]]
    trade.passes(hours=26)

    ref = shipped(trade)

    assert trade.confirmed(ref) == []
    assert trade.problems(ref) == [ProblemKind.CARRIER_NOT_LISTED]
    values = Problem.objects.get(order__ref=ref).values
    assert "none of them is known to be PostNL" in sentence(ProblemKind.CARRIER_NOT_LISTED, values)


def test_a_cancellation_carries_the_accounts_reason(trade: Shift) -> None:
    ref = trade.placed()

    trade.shop.cancel(trade.shop_ref(ref))
    trade.passes(minutes=20)

    assert trade.marketplace.reasons_given == {ref: "R1"}


def test_an_ability_that_the_account_lost_is_not_asked_for(trade: Shift) -> None:
    trade.marketplace.lacks |= {Capability.CANCEL}
    ref = trade.placed()
    trade.passes(hours=26)

    trade.shop.cancel(trade.shop_ref(ref))
    trade.passes(minutes=20)

    assert trade.told(trade.marketplace, "POST /feeds/cancellations") == 0
    assert trade.problems(ref) == [ProblemKind.REJECTED]


@pytest.mark.parametrize("kind", [FaultKind.BROKEN, FaultKind.GARBAGE, FaultKind.LOST_BEFORE, FaultKind.NOT_SENT])
def test_a_reading_that_fails_stops_nothing_and_is_tried_again_less_and_less_often(
    trade: Shift, kind: FaultKind
) -> None:
    read_at = account(trade).account_read_at
    asked: list[datetime] = []

    def ask(call: str, about: str) -> None:
        asked.append(trade.clock.now())

    trade.marketplace.faults.waiting.append(SandboxFault(kind, "GET /account", times=-1, hit=ask))
    trade.passes(hours=48)
    ref = shipped(trade)

    assert len(trade.confirmed(ref)) == 1
    assert (account(trade).account_read_at, account(trade).failures) == (read_at, 0)
    assert 5 < len(asked) < 15
    assert asked[-1] - asked[-2] > asked[1] - asked[0]
    trade.marketplace.faults.clear()
    trade.passes(hours=7)
    assert account(trade).account_read_at > read_at


def test_a_reading_that_fails_is_no_failure_of_the_connection(trade: Shift) -> None:
    trade.marketplace.faults.add(FaultKind.BROKEN, "GET /account")
    trade.passes(hours=23)
    trade.marketplace.calls.clear()

    while "GET /account" not in trade.marketplace.calls:
        trade.passes(seconds=20)

    assert (account(trade).failures, account(trade).backoff_until) == (0, None)


def test_keys_of_another_account_pause_the_connection_and_nothing_of_that_account_is_kept(trade: Shift) -> None:
    trade.marketplace.name, was = "somebody-else", trade.marketplace.name
    trade.marketplace.carriers.clear()

    trade.passes(hours=26)

    found = account(trade)
    assert (found.state, found.problem_kind) == (ConnectionState.ATTENTION, ProblemKind.OTHER_ACCOUNT)
    assert found.account.carriers
    assert trade.notices(Side.MARKETPLACE) == 1
    trade.marketplace.name = was


def test_a_code_that_cannot_be_is_not_kept(trade: Shift) -> None:
    trade.marketplace.carriers[""] = "Nobody"

    trade.passes(hours=26)

    assert "" not in account(trade).account.carriers
    assert account(trade).state == ConnectionState.ACTIVE


def test_a_reading_that_is_not_let_in_is_what_every_call_is_that_is_not_let_in(trade: Shift) -> None:
    trade.rotates_secrets_wrongly(Side.MARKETPLACE)

    trade.passes(hours=2)

    assert account(trade).problem_kind == ProblemKind.AUTH_REJECTED
