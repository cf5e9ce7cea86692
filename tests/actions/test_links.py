"""Links: made, changed, tried dry; what a person says about carriers and products."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orderhaven.actions import dry_run, links, orders, shipping
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import ActionRefused
from orderhaven.core.carriers import Carrier
from orderhaven.core.carriers.recognise import CarrierRule, RuleKind
from orderhaven.ports.connector import Capability, Side
from orderhaven.ports.sandbox import CatalogueItem
from orderhaven.store.models import (
    FulfilledByMarketplace,
    Link,
    Message,
    MessageKind,
    Order,
    OrderContact,
    ProductMatch,
)
from orderhaven.store.outbox.commands import compose_message
from orderhaven.store.outbox.queue import ComposedMessage
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.words.order_actions import carrier_words
from tests.journeys.conftest import MUG, POSTNL_CODE

CUP = CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99")


def shipped(trade: Any, code: str = POSTNL_CODE) -> str:
    trade.passes(seconds=10)
    ref: str = trade.sells()
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=code)
    trade.passes(minutes=10)
    return ref


def test_a_marketplace_has_one_link(trade: Any, context: ActionContext) -> None:
    with pytest.raises(ActionRefused, match="linked already"):
        links.link(context, "bol NL", "Webshop")


def test_a_link_starts_now_with_the_defaults(trade: Any, context: ActionContext) -> None:
    Link.objects.all().delete()

    made = links.link(context, "bol NL", "Webshop")

    assert (made.from_at, made.wait_s, made.dry_run) == (context.clock.now(), 3 * 3600, False)
    assert trade.connection("marketplace").pull_at == context.clock.now()


def test_a_link_goes_from_a_marketplace_to_a_shop(trade: Any, context: ActionContext) -> None:
    Link.objects.all().delete()

    with pytest.raises(ActionRefused, match="not a marketplace"):
        links.link(context, "Webshop", "bol NL")


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (links.LinkSettings(every=timedelta(seconds=5)), "every 60 seconds"),
        (links.LinkSettings(wait=timedelta(days=20)), "between 0 and 14 days"),
        (links.LinkSettings(cancellations_per_hour=-1), "less than 0"),
        (links.LinkSettings(own_carriers=("postnl", "gsl")), "There is no carrier 'gsl'"),
        (links.LinkSettings(ships_from="Nederland"), "no country"),
        (links.LinkSettings(ships_from="XX"), "no country"),
        (links.LinkSettings(default_carrier="postnk"), "There is no carrier 'postnk'. Perhaps postnl"),
    ],
)
def test_a_setting_out_of_bounds_is_said_and_changes_nothing(
    trade: Any, context: ActionContext, wish: links.LinkSettings, sentence: str
) -> None:
    before = Link.objects.values().get()

    with pytest.raises(ActionRefused, match=sentence):
        links.change_link(context, "bol NL", wish)

    assert Link.objects.values().get() == before


def test_only_a_shop_that_can_takes_orders_that_the_marketplace_ships(trade: Any, context: ActionContext) -> None:
    shop = trade.hub.specs_by_name["reference_shop"]
    unable = replace(
        context,
        specs_by_name={
            **context.specs_by_name,
            shop.name: replace(shop, capabilities=shop.capabilities - {Capability.FULFILLED_BY_MARKETPLACE}),
        },
    )

    with pytest.raises(ActionRefused, match="cannot take orders that the marketplace ships"):
        links.change_link(unable, "bol NL", links.LinkSettings(fulfilled_by_marketplace=FulfilledByMarketplace.CREATE))


def test_a_dry_run_sends_nothing_and_shows_what_it_would_send(trade: Any, context: ActionContext) -> None:
    links.change_link(context, "bol NL", links.LinkSettings(dry_run=True))
    trade.passes(seconds=10)
    ref = trade.sells((MUG, 2))
    trade.passes(minutes=20)

    [would] = dry_run.dry_run(context, "bol NL").dry_run_entries

    assert [call for call in (*trade.shop.calls, *trade.marketplace.calls) if call.startswith("POST")] == []
    assert (would.ref, would.what, would.problem) == (ref, "create", "")
    assert "2 x MUG-1" in would.facts
    names = {part for one in OrderContact.objects.all() for part in (one.last_name, one.street, one.email) if part}
    assert not any(name in repr(would) for name in names)


def test_a_dry_run_asks_the_shop_only_when_somebody_says_so_and_keeps_what_it_said(
    trade: Any, context: ActionContext
) -> None:
    links.change_link(context, "bol NL", links.LinkSettings(dry_run=True))
    trade.passes(seconds=10)
    trade.sells((MUG, 2))
    trade.sells((CUP, 1))
    trade.passes(minutes=6)
    before = len(trade.shop.calls)

    unknown = dry_run.dry_run(context, "bol NL")
    assert len(trade.shop.calls) == before
    assert (unknown.looked_up_at, [one.problem for one in unknown.dry_run_entries]) == (None, ["", ""])
    assert all("not looked up" in one.facts for one in unknown.dry_run_entries)
    dry_run.look_up(context, "bol NL")
    asked, looked_up_at = len(trade.shop.calls), trade.clock.now()
    trade.clock.advance(timedelta(minutes=1))
    kept = dry_run.dry_run(context, "bol NL")

    assert before < asked == len(trade.shop.calls)
    assert kept.looked_up_at == looked_up_at
    known, lacking = kept.dry_run_entries
    assert (known.problem, "not looked up" in known.facts) == ("", False)
    assert lacking.problem.startswith("CUP-9 (Cup) is not in the shop.")
    assert trade.commands(trade.shop) == []


def test_a_shop_that_does_not_answer_leaves_what_it_said_before(trade: Any, context: ActionContext) -> None:
    links.change_link(context, "bol NL", links.LinkSettings(dry_run=True))
    trade.passes(seconds=10)
    trade.sells((CUP, 1))
    trade.passes(minutes=6)
    dry_run.look_up(context, "bol NL")
    trade.goes_down(trade.shop)

    with pytest.raises(ActionRefused):
        dry_run.look_up(context, "bol NL")

    [would] = dry_run.dry_run(context, "bol NL").dry_run_entries
    assert would.problem.startswith("CUP-9 (Cup) is not in the shop.")


def test_the_end_of_a_dry_run_sends_what_waited(trade: Any, context: ActionContext) -> None:
    links.change_link(context, "bol NL", links.LinkSettings(dry_run=True))
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.passes(minutes=6)

    links.change_link(context, "bol NL", links.LinkSettings(dry_run=False))
    trade.passes(minutes=1)

    assert len(trade.in_shop(ref)) == 1


def test_what_is_sent_is_not_called_a_dry_run(trade: Any, context: ActionContext) -> None:
    with pytest.raises(ActionRefused, match="not a dry run"):
        dry_run.dry_run(context, "bol NL")


def test_held_cancellations_go_out_when_they_were_meant(trade: Any, context: ActionContext) -> None:
    links.change_link(context, "bol NL", links.LinkSettings(cancellations_per_hour=1))
    trade.passes(seconds=10)
    refs = [trade.sells() for _ in range(3)]
    trade.passes(minutes=6)
    for ref in refs:
        trade.shop.cancel(trade.shop_ref(ref))
    trade.passes(minutes=10)
    assert trade.marketplace.cancelled() == frozenset()

    released = links.release_cancellations(context, "bol NL")
    trade.passes(minutes=5)

    assert released == 3
    assert trade.marketplace.cancelled() == frozenset(refs)


def test_a_carrier_that_nobody_could_recognise_is_chosen_manually(trade: Any, context: ActionContext) -> None:
    ref = shipped(trade, "ODD10000001")
    assert trade.problems(ref) == ["unknown_carrier"]

    shipping.choose_carrier(context, ref, "gls")
    trade.passes(minutes=5)

    assert [(one.tracking_number, one.carrier_code) for one in trade.confirmed(ref)] == [("ODD10000001", "RM-GLS")]
    assert trade.problems(ref) == []


def test_what_waited_for_a_carrier_begins_anew_with_it(trade: Any, context: ActionContext) -> None:
    """Else it would be said to take long at once."""
    ref = shipped(trade, "ODD10000001")
    waits = Message.objects.filter(order__ref=ref, kind=MessageKind.CONFIRM)
    waits.update(failing_since=trade.clock.now() - timedelta(days=1))

    shipping.choose_carrier(context, ref, "gls")

    assert waits.get().failing_since is None


def test_another_carrier_is_not_chosen_for_what_the_marketplace_confirmed(trade: Any, context: ActionContext) -> None:
    ref = shipped(trade, POSTNL_CODE)
    before = trade.order(ref).chosen_carrier

    with pytest.raises(ActionRefused, match="is confirmed already, and bol NL takes no other carrier"):
        shipping.choose_carrier(context, ref, "gls")

    assert (before, trade.order(ref).chosen_carrier) == ("", "")


def test_a_carrier_for_a_tracking_number_that_came_later_goes_out_with_that_tracking_number(
    trade: Any, context: ActionContext
) -> None:
    ref = shipped(trade, "")
    trade.passes(hours=4)
    trade.shop.add_tracking(trade.shop_ref(ref), "ODD10000001")
    trade.passes(minutes=30)

    chosen = shipping.choose_carrier(context, ref, "gls")
    before = trade.confirmed(ref)
    shipping.correct(context, ref)
    trade.passes(minutes=5)

    assert chosen.waits
    assert carrier_words(chosen, ref).endswith("bol NL is updated once you send the new code.")
    assert ([one.tracking_number for one in before], [one.tracking_number for one in trade.confirmed(ref)]) == (
        [""],
        ["ODD10000001"],
    )


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"handled_externally": True}, "was shipped at bol NL by others"), ({"status": "cancelled"}, "is cancelled")],
)
def test_no_carrier_is_chosen_for_what_is_never_confirmed(
    trade: Any, context: ActionContext, columns: Any, said: str
) -> None:
    ref = shipped(trade, "ODD10000001")
    Order.objects.filter(ref=ref).update(**columns)

    with pytest.raises(ActionRefused, match=said):
        shipping.choose_carrier(context, ref, "gls")


def test_a_manual_choice_is_offered_as_a_rule_until_there_is_one(trade: Any, context: ActionContext) -> None:
    first, second = shipped(trade, "ODD10000001"), shipped(trade, "ODD10000002")

    offered = shipping.choose_carrier(context, first, "gls").rule
    assert offered == CarrierRule(RuleKind.TRACKING_PREFIX, "ODD", Carrier.GLS)
    links.add_carrier_rule(context, "bol NL", offered.kind, offered.match, offered.carrier)

    assert shipping.choose_carrier(context, second, "gls").rule is None


def test_whom_the_merchant_uses_decides_where_several_have_such_tracking_numbers(
    trade: Any, context: ActionContext
) -> None:
    unsure = shipped(trade, "05308801410058")
    links.change_link(context, "bol NL", links.LinkSettings(own_carriers=("PostNL", "dpd")))

    told = shipped(trade, "05308801410059")

    assert trade.problems(unsure) == ["unknown_carrier"]
    assert [one.carrier_code for one in trade.confirmed(told)] == ["RM-DPD"]


def test_where_parcels_start_decides_too(trade: Any, context: ActionContext) -> None:
    links.change_link(context, "bol NL", links.LinkSettings(ships_from="be"))

    ref = shipped(trade, "05308801410058")

    assert context.link("bol NL").ships_from == "BE"
    assert [one.carrier_code for one in trade.confirmed(ref)] == ["RM-DPD"]


def test_where_the_marketplace_has_no_list_any_carrier_can_be_chosen_manually(trade: Any) -> None:
    ref = shipped(trade, "ODD10000001")
    [name] = [one.name for one in trade.hub.specs_by_name.values() if one.side is Side.MARKETPLACE]
    without_list = replace(trade.hub.specs_by_name[name], carriers={}, carriers_from={}, other_carrier="")
    specs_by_name = {**trade.hub.specs_by_name, name: without_list}
    context = ActionContext("Tester", trade.link.merchant_id, trade.clock, lambda: trade.hub.transport, specs_by_name)

    chosen = shipping.choose_carrier(context, ref, "bulgarian_posts")

    assert Carrier.BULGARIAN_POSTS is chosen.carrier
    assert trade.problems(ref) == []


def test_a_carrier_that_the_marketplace_will_not_have_waits_for_a_person(trade: Any, context: ActionContext) -> None:
    links.add_carrier_rule(context, "bol NL", RuleKind.TRACKING_PREFIX, "ODD", "bulgarian_posts")

    ref = shipped(trade, "ODD10000001")

    assert trade.problems(ref) == ["unknown_carrier"]
    assert trade.confirmed(ref) == []
    [blocked] = Message.objects.filter(order__ref=ref, kind=MessageKind.CONFIRM).select_related("order__link")
    lenient = compose_message(blocked, replace(REFERENCE_MARKETPLACE, carrier_required_with_tracking=False))
    assert isinstance(lenient, ComposedMessage)
    assert (lenient.payload.tracking_number, lenient.payload.carrier) == ("ODD10000001", "")


def test_a_carrier_rule_holds_for_the_orders_that_follow(trade: Any, context: ActionContext) -> None:
    links.add_carrier_rule(context, "bol NL", RuleKind.TRACKING_PREFIX, "ODD", "dpd")

    ref = shipped(trade, "ODD10000001")

    assert [one.carrier_code for one in trade.confirmed(ref)] == ["RM-DPD"]


def test_a_carrier_rule_that_ended_decides_nothing_any_more(trade: Any, context: ActionContext) -> None:
    links.add_carrier_rule(context, "bol NL", RuleKind.TRACKING_PREFIX, "ODD", "dpd")
    links.add_carrier_rule(context, "bol NL", RuleKind.CARRIER_NAME, "ODD", "gls")

    links.end_carrier_rule(context, "bol NL", RuleKind.TRACKING_PREFIX, " ODD ")

    assert [rule["kind"] for rule in context.link("bol NL").carrier_rules] == ["carrier_name"]
    assert trade.problems(shipped(trade, "ODD10000001")) == ["unknown_carrier"]


def test_a_carrier_rule_that_there_is_none_of_cannot_end(context: ActionContext) -> None:
    with pytest.raises(ActionRefused, match="no carrier rule for ODD"):
        links.end_carrier_rule(context, "bol NL", RuleKind.TRACKING_PREFIX, "ODD")


def test_a_carrier_that_the_marketplace_does_not_know_is_refused(trade: Any, context: ActionContext) -> None:
    ref = shipped(trade, "ODD10000001")

    with pytest.raises(ActionRefused, match="does not know the carrier"):
        shipping.choose_carrier(context, ref, "bulgarian_posts")


def test_an_unknown_article_is_mapped_once_and_its_orders_go_on(trade: Any, context: ActionContext) -> None:
    trade.passes(seconds=10)
    refs = [trade.sells((CUP, 1)) for _ in range(2)]
    trade.passes(minutes=6)

    going_on = shipping.map_product(context, "bol NL", CUP.sku, shop_sku=MUG.sku)
    trade.passes(minutes=1)
    later = trade.sells((CUP, 1))
    trade.passes(minutes=6)

    assert going_on == 2
    assert [len(trade.in_shop(ref)) for ref in (*refs, later)] == [1, 1, 1]


def test_a_product_that_the_shop_does_not_have_is_not_mapped(trade: Any, context: ActionContext) -> None:
    with pytest.raises(ActionRefused, match="The shop has no product with SKU NOPE"):
        shipping.map_product(context, "bol NL", CUP.sku, shop_sku="NOPE")

    assert not ProductMatch.objects.exists()


def test_a_later_tracking_number_is_sent_as_a_correction_and_never_as_a_second_shipment(
    trade: Any, context: ActionContext
) -> None:
    trade.link.wait_s = 60
    trade.link.save()
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=20)
    assert [one.tracking_number for one in trade.confirmed(ref)] == [""]
    trade.shop.add_tracking(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=10)
    assert trade.problems(ref) == ["late_tracking"]

    shipping.correct(context, ref)
    trade.passes(minutes=5)

    assert [one.tracking_number for one in trade.confirmed(ref)] == [POSTNL_CODE]
    assert trade.problems(ref) == []
    assert Message.objects.filter(order__ref=ref, kind="confirm").count() == 1


def test_there_is_nothing_to_correct_without_another_tracking_number(trade: Any, context: ActionContext) -> None:
    ref = shipped(trade)

    with pytest.raises(ActionRefused, match="no other code"):
        shipping.correct(context, ref)


def test_nothing_is_corrected_before_a_confirmation(trade: Any, context: ActionContext) -> None:
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.passes(minutes=6)

    with pytest.raises(ActionRefused, match="nothing to correct"):
        shipping.correct(context, ref)
    assert orders.retry(context, ref).messages == 0
