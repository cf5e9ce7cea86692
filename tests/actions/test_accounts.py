"""A person's word on which of ours the codes of an account are, and reading an account again."""

from collections.abc import Iterator
from typing import Any

import pytest

from orderhaven.actions import accounts
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import ActionRefused, PermissionDenied
from orderhaven.core.access import Permission
from orderhaven.core.matching import MatchState
from orderhaven.core.problems import ProblemKind
from orderhaven.ports.connector import Capability, Side
from orderhaven.store.models import Event
from orderhaven.testing.draft_shop import DRAFT_SHOP
from orderhaven.testing.feed_marketplace import FEED_MARKETPLACE
from orderhaven.words.timeline import event_words
from tests.journeys.conftest import POSTNL_CODE, start_trade

NAME = "bol NL"


@pytest.fixture
def trade(store: None) -> Iterator[Any]:
    started = start_trade(FEED_MARKETPLACE, DRAFT_SHOP)
    started.marketplace.carriers = {"1": "DPD", "2": "Orange van", "3": "Green van"}
    yield started
    started.close()


@pytest.fixture
def context(trade: Any) -> ActionContext:
    found: ActionContext = trade.context
    accounts.read_again(found, NAME)
    return found


def states(context: ActionContext) -> dict[str, tuple[str, MatchState]]:
    return {one.code: (one.ours, one.state) for one in accounts.account_of(context, NAME).carriers}


def test_a_reading_by_hand_says_what_changed(trade: Any, context: ActionContext) -> None:
    trade.marketplace.carriers["4"] = "GLS"
    trade.marketplace.lacks |= {Capability.CANCEL}

    changes = accounts.read_again(context, NAME)

    assert changes == {"carriers_new": "GLS", "abilities_gone": "cancel"}
    found = accounts.account_of(context, NAME)
    assert found.read_at == trade.clock.now()
    assert Capability.CANCEL in found.lacks


def test_a_choice_is_kept_when_the_account_is_read_again(trade: Any, context: ActionContext) -> None:
    accounts.choose_codes(context, NAME, {"2": "PostNL", "3": "none"})

    accounts.read_again(context, NAME)

    assert states(context) == {
        "1": ("dpd", MatchState.MATCHED),
        "2": ("postnl", MatchState.CHOSEN),
        "3": ("", MatchState.UNUSED),
    }
    [event] = Event.objects.filter(kind="account_codes_chosen")
    assert event_words(event.kind, event.data) == "Codes of the account chosen (2: PostNL, 3: -)"


def test_a_choice_that_is_forgotten_goes_by_the_name_again(trade: Any, context: ActionContext) -> None:
    accounts.choose_codes(context, NAME, {"1": "gls"})

    accounts.choose_codes(context, NAME, {"1": "auto"})

    assert states(context)["1"] == ("dpd", MatchState.MATCHED)


def test_a_choice_that_the_account_lost_can_only_be_forgotten(trade: Any, context: ActionContext) -> None:
    accounts.choose_codes(context, NAME, {"2": "postnl"})
    del trade.marketplace.carriers["2"]
    accounts.read_again(context, NAME)

    assert states(context)["2"] == ("postnl", MatchState.GONE)
    with pytest.raises(ActionRefused, match="has no code '2'"):
        accounts.choose_codes(context, NAME, {"2": "gls"})
    accounts.choose_codes(context, NAME, {"2": "auto"})
    assert "2" not in states(context)


@pytest.mark.parametrize(
    ("carriers", "reasons", "why"),
    [
        ({"9": "postnl"}, {}, "has no code '9'. It has: 1, 2, 3"),
        ({"2": "postnk"}, {}, "There is no carrier 'postnk'"),
        ({}, {"R1": "sold_out"}, "'sold_out' is no reason"),
        ({"2": "gls", "3": "gls"}, {}, "'2' and '3' cannot both be gls"),
    ],
)
def test_what_cannot_be_chosen_is_refused_and_changes_nothing(
    context: ActionContext, carriers: dict[str, str], reasons: dict[str, str], why: str
) -> None:
    before = states(context)

    with pytest.raises(ActionRefused) as refused:
        accounts.choose_codes(context, NAME, carriers, reasons)

    assert why in str(refused.value)
    assert states(context) == before


def test_an_account_without_a_list_leaves_nothing_to_choose(context: ActionContext) -> None:
    with pytest.raises(ActionRefused, match="has no list of its own"):
        accounts.choose_codes(context, "Webshop", {"1": "postnl"})


def test_orders_that_waited_for_a_code_go_on_when_it_is_chosen(trade: Any, context: ActionContext) -> None:
    ref = trade.sells()
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=12)
    assert trade.problems(ref) == [ProblemKind.CARRIER_NOT_LISTED]

    going = accounts.choose_codes(context, NAME, {"2": "postnl"})

    trade.passes(minutes=12)
    assert going == 1
    assert [one.carrier_code for one in trade.confirmed(ref)] == ["2"]
    assert trade.problems(ref) == []


def test_a_reason_that_a_person_chose_is_what_the_marketplace_gets(trade: Any, context: ActionContext) -> None:
    accounts.choose_codes(context, NAME, {}, {"R3": "out_of_stock"})
    ref = trade.sells()
    trade.passes(minutes=6)

    trade.shop.cancel(trade.shop_ref(ref))
    trade.passes(minutes=20)

    assert trade.marketplace.reasons_given == {ref: "R3"}


def test_keys_of_another_account_are_not_read(trade: Any, context: ActionContext) -> None:
    trade.marketplace.name = "somebody-else"

    with pytest.raises(ActionRefused, match="another account of bol NL"):
        accounts.read_again(context, NAME)


def test_who_may_not_configure_looks_and_changes_nothing(context: ActionContext) -> None:
    reader = ActionContext(
        "Reader",
        context.merchant_id,
        context.clock,
        context.transport,
        context.specs_by_name,
        frozenset({Permission.READ, Permission.WRITE}),
    )

    assert accounts.account_of(reader, NAME).carriers
    with pytest.raises(PermissionDenied):
        accounts.choose_codes(reader, NAME, {"2": "postnl"})
    with pytest.raises(PermissionDenied):
        accounts.read_again(reader, NAME)


def test_what_an_account_lacks_is_refused_by_the_name_of_the_connection(trade: Any, context: ActionContext) -> None:
    from orderhaven.actions import orders

    ref = trade.sells()
    trade.passes(minutes=6)
    trade.marketplace.lacks |= {Capability.CANCEL}
    accounts.read_again(context, NAME)

    with pytest.raises(ActionRefused, match=r"^bol NL takes no cancellation"):
        orders.cancel(context, ref)
    assert trade.connection(Side.MARKETPLACE).name == NAME
