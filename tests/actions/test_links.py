"""Links: made, changed, rehearsed; what a person says about carriers and products."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orderhaven.actions import links, orders, rehearsing, shipping
from orderhaven.actions.errors import Impossible
from orderhaven.actions.hand import Hand
from orderhaven.core.carriers import Carrier
from orderhaven.core.rules import CarrierRule, RuleKind
from orderhaven.ports.connector import Can, Role
from orderhaven.ports.sandbox import Article
from orderhaven.store.models import DeliveredByMarketplace, Kind, Link, Message, Order, Person, ProductMatch
from orderhaven.store.outbox import Composed
from orderhaven.store.tellings import compose
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.words.acts import carrier_words
from tests.journeys.conftest import MUG, POSTNL_CODE

CUP = Article("CUP-9", "8712345678999", "Cup", "4.99")


def shipped(trade: Any, code: str = POSTNL_CODE) -> str:
    trade.passes(seconds=10)
    ref: str = trade.sells()
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(ref), code=code)
    trade.passes(minutes=10)
    return ref


def test_a_marketplace_has_one_link(trade: Any, by: Hand) -> None:
    with pytest.raises(Impossible, match="linked already"):
        links.link(by, "bol NL", "Webshop")


def test_a_link_starts_now_with_the_defaults(trade: Any, by: Hand) -> None:
    Link.objects.all().delete()

    made = links.link(by, "bol NL", "Webshop")

    assert (made.from_at, made.wait_s, made.rehearsal) == (by.clock.now(), 3 * 3600, False)
    assert trade.connection("marketplace").hear_at == by.clock.now()


def test_a_link_goes_from_a_marketplace_to_a_shop(trade: Any, by: Hand) -> None:
    Link.objects.all().delete()

    with pytest.raises(Impossible, match="not a marketplace"):
        links.link(by, "Webshop", "bol NL")


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (links.LinkWish(every=timedelta(seconds=5)), "every 60 seconds"),
        (links.LinkWish(wait=timedelta(days=20)), "between 0 and 14 days"),
        (links.LinkWish(cancellations_per_hour=-1), "less than 0"),
        (links.LinkWish(own_carriers=("postnl", "gsl")), "There is no carrier 'gsl'"),
        (links.LinkWish(ships_from="Nederland"), "no country"),
        (links.LinkWish(ships_from="XX"), "no country"),
        (links.LinkWish(default_carrier="postnk"), "There is no carrier 'postnk'. Perhaps postnl"),
    ],
)
def test_a_wish_out_of_bounds_is_said_and_changes_nothing(
    trade: Any, by: Hand, wish: links.LinkWish, sentence: str
) -> None:
    before = Link.objects.values().get()

    with pytest.raises(Impossible, match=sentence):
        links.change_link(by, "bol NL", wish)

    assert Link.objects.values().get() == before


def test_only_a_shop_that_can_takes_orders_that_the_marketplace_ships(trade: Any, by: Hand) -> None:
    shop = trade.hub.declared["reference_shop"]
    unable = replace(by, declared={**by.declared, shop.name: replace(shop, can=shop.can - {Can.TAKE_DELIVERED})})

    with pytest.raises(Impossible, match="cannot take orders that the marketplace ships"):
        links.change_link(unable, "bol NL", links.LinkWish(delivered_by_marketplace=DeliveredByMarketplace.PLACE))


def test_a_rehearsal_sends_nothing_and_shows_what_it_would_send(trade: Any, by: Hand) -> None:
    links.change_link(by, "bol NL", links.LinkWish(rehearsal=True))
    trade.passes(seconds=10)
    ref = trade.sells((MUG, 2))
    trade.passes(minutes=20)

    [would] = rehearsing.rehearsal(by, "bol NL").would_send

    assert [call for call in (*trade.shop.calls, *trade.marketplace.calls) if call.startswith("POST")] == []
    assert (would.ref, would.what, would.problem) == (ref, "place", "")
    assert "2 x MUG-1" in would.facts
    names = {part for one in Person.objects.all() for part in (one.last_name, one.street, one.email) if part}
    assert not any(name in repr(would) for name in names)


def test_a_rehearsal_asks_the_shop_only_when_somebody_says_so_and_keeps_what_it_said(trade: Any, by: Hand) -> None:
    links.change_link(by, "bol NL", links.LinkWish(rehearsal=True))
    trade.passes(seconds=10)
    trade.sells((MUG, 2))
    trade.sells((CUP, 1))
    trade.passes(minutes=6)
    before = len(trade.shop.calls)

    unknown = rehearsing.rehearsal(by, "bol NL")
    assert len(trade.shop.calls) == before
    assert (unknown.looked_up_at, [one.problem for one in unknown.would_send]) == (None, ["", ""])
    assert all("not looked up" in one.facts for one in unknown.would_send)
    rehearsing.look_up(by, "bol NL")
    asked, looked_up_at = len(trade.shop.calls), trade.clock.now()
    trade.clock.advance(timedelta(minutes=1))
    kept = rehearsing.rehearsal(by, "bol NL")

    assert before < asked == len(trade.shop.calls)
    assert kept.looked_up_at == looked_up_at
    known, lacking = kept.would_send
    assert (known.problem, "not looked up" in known.facts) == ("", False)
    assert lacking.problem.startswith("CUP-9 (Cup) is not in the shop.")
    assert trade.tellings(trade.shop) == []


def test_a_shop_that_does_not_answer_leaves_what_it_said_before(trade: Any, by: Hand) -> None:
    links.change_link(by, "bol NL", links.LinkWish(rehearsal=True))
    trade.passes(seconds=10)
    trade.sells((CUP, 1))
    trade.passes(minutes=6)
    rehearsing.look_up(by, "bol NL")
    trade.goes_down(trade.shop)

    with pytest.raises(Impossible):
        rehearsing.look_up(by, "bol NL")

    [would] = rehearsing.rehearsal(by, "bol NL").would_send
    assert would.problem.startswith("CUP-9 (Cup) is not in the shop.")


def test_the_end_of_a_rehearsal_sends_what_waited(trade: Any, by: Hand) -> None:
    links.change_link(by, "bol NL", links.LinkWish(rehearsal=True))
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.passes(minutes=6)

    links.end_rehearsal(by, "bol NL")
    trade.passes(minutes=1)

    assert len(trade.in_shop(ref)) == 1


def test_what_is_sent_is_not_called_a_rehearsal(trade: Any, by: Hand) -> None:
    with pytest.raises(Impossible, match="not in rehearsal"):
        rehearsing.rehearsal(by, "bol NL")


def test_held_cancellations_go_out_when_they_were_meant(trade: Any, by: Hand) -> None:
    links.change_link(by, "bol NL", links.LinkWish(cancellations_per_hour=1))
    trade.passes(seconds=10)
    refs = [trade.sells() for _ in range(3)]
    trade.passes(minutes=6)
    for ref in refs:
        trade.shop.cancel(trade.shop_ref(ref))
    trade.passes(minutes=10)
    assert trade.marketplace.cancelled() == frozenset()

    released = links.release_cancellations(by, "bol NL")
    trade.passes(minutes=5)

    assert released == 3
    assert trade.marketplace.cancelled() == frozenset(refs)


def test_a_carrier_that_nobody_could_tell_is_chosen_by_hand(trade: Any, by: Hand) -> None:
    ref = shipped(trade, "ODD10000001")
    assert trade.problems(ref) == ["unknown_carrier"]

    shipping.choose_carrier(by, ref, "gls")
    trade.passes(minutes=5)

    assert [(one.code, one.carrier_word) for one in trade.confirmed(ref)] == [("ODD10000001", "RM-GLS")]
    assert trade.problems(ref) == []


def test_what_waited_for_a_carrier_begins_anew_with_it(trade: Any, by: Hand) -> None:
    """Else it would be said to take long at once."""
    ref = shipped(trade, "ODD10000001")
    waits = Message.objects.filter(order__ref=ref, kind=Kind.CONFIRM)
    waits.update(failing_since=trade.clock.now() - timedelta(days=1))

    shipping.choose_carrier(by, ref, "gls")

    assert waits.get().failing_since is None


def test_another_carrier_is_not_chosen_for_what_the_marketplace_confirmed(trade: Any, by: Hand) -> None:
    ref = shipped(trade, POSTNL_CODE)
    before = trade.order(ref).chosen_carrier

    with pytest.raises(Impossible, match="is confirmed already, and bol NL is not told of another carrier"):
        shipping.choose_carrier(by, ref, "gls")

    assert (before, trade.order(ref).chosen_carrier) == ("", "")


def test_a_carrier_for_a_code_that_came_later_goes_out_with_that_code(trade: Any, by: Hand) -> None:
    ref = shipped(trade, "")
    trade.passes(hours=4)
    trade.shop.add_code(trade.shop_ref(ref), "ODD10000001")
    trade.passes(minutes=30)

    chosen = shipping.choose_carrier(by, ref, "gls")
    before = trade.confirmed(ref)
    shipping.correct(by, ref)
    trade.passes(minutes=5)

    assert chosen.waits
    assert carrier_words(chosen, ref).endswith("bol NL is told once you send the new code.")
    assert ([one.code for one in before], [one.code for one in trade.confirmed(ref)]) == ([""], ["ODD10000001"])


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"handled_by_others": True}, "was shipped at bol NL by others"), ({"status": "cancelled"}, "is cancelled")],
)
def test_no_carrier_is_chosen_for_what_is_never_told(trade: Any, by: Hand, columns: Any, said: str) -> None:
    ref = shipped(trade, "ODD10000001")
    Order.objects.filter(ref=ref).update(**columns)

    with pytest.raises(Impossible, match=said):
        shipping.choose_carrier(by, ref, "gls")


def test_a_choice_by_hand_is_offered_as_a_rule_until_there_is_one(trade: Any, by: Hand) -> None:
    first, second = shipped(trade, "ODD10000001"), shipped(trade, "ODD10000002")

    offered = shipping.choose_carrier(by, first, "gls").rule
    assert offered == CarrierRule(RuleKind.CODE_PREFIX, "ODD", Carrier.GLS)
    links.add_carrier_rule(by, "bol NL", offered.kind, offered.match, offered.carrier)

    assert shipping.choose_carrier(by, second, "gls").rule is None


def test_whom_the_merchant_uses_decides_where_several_have_such_codes(trade: Any, by: Hand) -> None:
    unsure = shipped(trade, "05308801410058")
    links.change_link(by, "bol NL", links.LinkWish(own_carriers=("PostNL", "dpd")))

    told = shipped(trade, "05308801410059")

    assert trade.problems(unsure) == ["unknown_carrier"]
    assert [one.carrier_word for one in trade.confirmed(told)] == ["RM-DPD"]


def test_where_parcels_start_decides_too(trade: Any, by: Hand) -> None:
    links.change_link(by, "bol NL", links.LinkWish(ships_from="be"))

    ref = shipped(trade, "05308801410058")

    assert by.link("bol NL").ships_from == "BE"
    assert [one.carrier_word for one in trade.confirmed(ref)] == ["RM-DPD"]


def test_where_the_marketplace_has_no_list_any_carrier_can_be_chosen_by_hand(trade: Any) -> None:
    ref = shipped(trade, "ODD10000001")
    [name] = [one.name for one in trade.hub.declared.values() if one.role is Role.MARKETPLACE]
    without_list = replace(trade.hub.declared[name], carriers={}, carriers_from={}, other_carrier="")
    declared = {**trade.hub.declared, name: without_list}
    by = Hand("Tester", trade.link.merchant_id, trade.clock, lambda: trade.hub.transport, declared)

    chosen = shipping.choose_carrier(by, ref, "bulgarian_posts")

    assert Carrier.BULGARIAN_POSTS is chosen.carrier
    assert trade.problems(ref) == []


def test_a_carrier_that_the_marketplace_will_not_have_waits_for_a_person(trade: Any, by: Hand) -> None:
    links.add_carrier_rule(by, "bol NL", RuleKind.CODE_PREFIX, "ODD", "bulgarian_posts")

    ref = shipped(trade, "ODD10000001")

    assert trade.problems(ref) == ["unknown_carrier"]
    assert trade.confirmed(ref) == []
    [parked] = Message.objects.filter(order__ref=ref, kind=Kind.CONFIRM).select_related("order__link")
    lenient = compose(parked, replace(REFERENCE_MARKETPLACE, carrier_required_with_code=False))
    assert isinstance(lenient, Composed)
    assert (lenient.payload.code, lenient.payload.carrier) == ("ODD10000001", "")


def test_a_carrier_rule_holds_for_the_orders_that_follow(trade: Any, by: Hand) -> None:
    links.add_carrier_rule(by, "bol NL", RuleKind.CODE_PREFIX, "ODD", "dpd")

    ref = shipped(trade, "ODD10000001")

    assert [one.carrier_word for one in trade.confirmed(ref)] == ["RM-DPD"]


def test_a_carrier_rule_that_ended_decides_nothing_any_more(trade: Any, by: Hand) -> None:
    links.add_carrier_rule(by, "bol NL", RuleKind.CODE_PREFIX, "ODD", "dpd")
    links.add_carrier_rule(by, "bol NL", RuleKind.SHOP_CARRIER, "ODD", "gls")

    links.end_carrier_rule(by, "bol NL", RuleKind.CODE_PREFIX, " ODD ")

    assert [rule["kind"] for rule in by.link("bol NL").carrier_rules] == ["shop_carrier"]
    assert trade.problems(shipped(trade, "ODD10000001")) == ["unknown_carrier"]


def test_a_carrier_rule_that_there_is_none_of_cannot_end(by: Hand) -> None:
    with pytest.raises(Impossible, match="no carrier rule for ODD"):
        links.end_carrier_rule(by, "bol NL", RuleKind.CODE_PREFIX, "ODD")


def test_a_carrier_that_the_marketplace_does_not_know_is_refused(trade: Any, by: Hand) -> None:
    ref = shipped(trade, "ODD10000001")

    with pytest.raises(Impossible, match="does not know the carrier"):
        shipping.choose_carrier(by, ref, "bulgarian_posts")


def test_an_unknown_article_is_mapped_once_and_its_orders_go_on(trade: Any, by: Hand) -> None:
    trade.passes(seconds=10)
    refs = [trade.sells((CUP, 1)) for _ in range(2)]
    trade.passes(minutes=6)

    going_on = shipping.map_product(by, "bol NL", CUP.sku, shop_sku=MUG.sku)
    trade.passes(minutes=1)
    later = trade.sells((CUP, 1))
    trade.passes(minutes=6)

    assert going_on == 2
    assert [len(trade.in_shop(ref)) for ref in (*refs, later)] == [1, 1, 1]


def test_a_product_that_the_shop_does_not_have_is_not_mapped(trade: Any, by: Hand) -> None:
    with pytest.raises(Impossible, match="The shop has no product with SKU NOPE"):
        shipping.map_product(by, "bol NL", CUP.sku, shop_sku="NOPE")

    assert not ProductMatch.objects.exists()


def test_a_later_code_is_told_as_a_correction_and_never_as_a_second_shipment(trade: Any, by: Hand) -> None:
    trade.link.wait_s = 60
    trade.link.save()
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=20)
    assert [one.code for one in trade.confirmed(ref)] == [""]
    trade.shop.add_code(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=10)
    assert trade.problems(ref) == ["later_code"]

    shipping.correct(by, ref)
    trade.passes(minutes=5)

    assert [one.code for one in trade.confirmed(ref)] == [POSTNL_CODE]
    assert trade.problems(ref) == []
    assert Message.objects.filter(order__ref=ref, kind="confirm").count() == 1


def test_there_is_nothing_to_correct_without_another_code(trade: Any, by: Hand) -> None:
    ref = shipped(trade)

    with pytest.raises(Impossible, match="no other code"):
        shipping.correct(by, ref)


def test_nothing_is_corrected_before_a_confirmation(trade: Any, by: Hand) -> None:
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.passes(minutes=6)

    with pytest.raises(Impossible, match="nothing to correct"):
        shipping.correct(by, ref)
    assert orders.retry(by, ref).messages == 0
