"""Confirming, cancelling and correcting at bol: one request each, and called done when bol says so."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from orderhaven.connectors.bol.commands import refusal
from orderhaven.connectors.kit.faults import HttpFaultKind
from orderhaven.connectors.kit.http import Response
from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import Acceptance, CancellationRefusal, CancelReason
from orderhaven.core.errors import AuthRejected, OrderRejected, OutcomeUnknown, RateLimited, SafeToRetry, UnknownCarrier
from orderhaven.ports.receipts import Receipt, ReceiptState
from orderhaven.ports.sandbox import CatalogueItem

CUP = CatalogueItem("CUP", "8700000000017", "Kop", "4.50")
CREATE, CANCEL = "POST /retailer/shipments", "PUT /retailer/orders/cancellation"


def confirm(world: Any, ref: str, **what: Any) -> Receipt:
    return world.run(world.bol.confirm(world.shipment(ref, **what), not_after=world.soon()))


def outcome(world: Any, receipt: Receipt) -> Receipt:
    return world.run(world.bol.outcomes({"ours": receipt.handle}))["ours"]


def sent(world: Any) -> dict[str, Any]:
    """The body of the last request that wrote something."""
    writes = [request for request, _ in world.tape.exchanges if request.body]
    return msgspec.json.decode(writes[-1].body)


# ------------------------------------------------------------ confirming


def test_a_confirmation_is_one_request_with_carrier_tracking_number_and_our_reference(world: Any) -> None:
    ref = world.sell((CUP, 2))

    receipt = confirm(world, ref)

    assert receipt.state is ReceiptState.PENDING
    assert receipt.handle
    assert world.count(CREATE) == 1
    assert sent(world) == {
        "orderItems": [{"orderItemId": world.item_refs(ref)[0], "quantity": 2}],
        "shipmentReference": "OH-1",
        "transport": {"transporterCode": "TNT", "trackAndTrace": "3SABCD1234567"},
    }


def test_it_is_done_when_bol_has_carried_it_out_and_not_before(world: Any) -> None:
    ref = world.sell()
    receipt = confirm(world, ref)

    before = outcome(world, receipt)
    world.clock.move(seconds=5)
    after = outcome(world, receipt)

    assert (before.state, after.state, after.rejection) == (ReceiptState.PENDING, ReceiptState.DONE, "")
    (made,) = world.sandbox.shipments()
    assert (made.order_ref, made.carrier_code, made.tracking_number) == (ref, "TNT", "3SABCD1234567")


def test_an_order_without_a_tracking_number_is_confirmed_without_transport(world: Any) -> None:
    ref = world.sell()

    confirm(world, ref, tracking_number="")

    assert set(sent(world)) == {"orderItems", "shipmentReference"}


def test_an_order_on_bols_label_names_the_label_and_no_transport(world: Any) -> None:
    ref = world.sell(marketplace_label=True)

    confirm(world, ref, tracking_number="", label_number="d9e0aa01-0000-4000-8000-00000000000a")

    assert sent(world)["shippingLabelId"] == "d9e0aa01-0000-4000-8000-00000000000a"
    assert "transport" not in sent(world)


def test_several_lines_go_in_one_request(world: Any) -> None:
    ref = world.sell((CUP, 1), (CUP, 3))

    confirm(world, ref)
    world.clock.move(seconds=5)

    assert list(world.sandbox.shipments()[0].quantities.values()) == [1, 3]
    assert world.count(CREATE) == 1


@pytest.mark.parametrize(
    ("carrier", "word"),
    [
        (Carrier.POSTNL, "TNT"),
        (Carrier.TNT, "TNT-EXPRESS"),
        (Carrier.DHL_ECOMMERCE_NL, "DHLFORYOU"),
        (Carrier.DPD, "DPD-NL"),
        (Carrier.BPOST, "BPOST_BE"),
        (Carrier.YODEL, "OTHER"),
    ],
)
def test_a_carrier_goes_by_bols_word_for_it(world: Any, carrier: Carrier, word: str) -> None:
    confirm(world, world.sell(), carrier=carrier)

    assert sent(world)["transport"]["transporterCode"] == word


@pytest.mark.parametrize("carrier", list(Carrier))
def test_bol_knows_every_word_that_a_carrier_becomes(world: Any, carrier: Carrier) -> None:
    assert confirm(world, world.sell(), carrier=carrier).state is ReceiptState.PENDING


def test_a_tracking_number_of_an_unknown_carrier_is_not_sent(world: Any) -> None:
    with pytest.raises(UnknownCarrier):
        confirm(world, world.sell(), carrier=None)

    assert world.count(CREATE) == 0


def test_a_carrier_that_bol_refuses_is_one_to_choose_anew(world: Any) -> None:
    body = b'{"violations":[{"name":"transport.transporterCode","reason":"not allowed"}]}'
    command = world.shipment(world.sell(), carrier=Carrier.HOMERR)

    error = refusal(Response(400, {}, body), command)

    assert isinstance(error, UnknownCarrier)
    assert error.values == {"tracking_number": "3SABCD1234567", "candidates": "Homerr"}


def test_what_was_already_sent_is_done(world: Any) -> None:
    ref = world.sell()
    confirm(world, ref)
    world.clock.move(seconds=5)

    again = confirm(world, ref)

    assert again == Receipt(ReceiptState.DONE, remote_ref=next(iter(world.sandbox.trade.parcels)))
    assert len(world.sandbox.shipments()) == 1


def test_more_lines_than_bol_takes_are_not_sent(world: Any) -> None:
    ref = world.sell(*[(CUP, 1)] * 101)

    with pytest.raises(OrderRejected, match="100 lines"):
        confirm(world, ref)

    assert world.count(CREATE) == 0


def test_a_handled_order_is_refused_with_bols_reason(world: Any) -> None:
    ref = world.sell()
    world.sandbox.ship_elsewhere(ref)

    with pytest.raises(OrderRejected, match="already handled"):
        confirm(world, ref)


def test_a_refusal_that_cannot_be_read_is_still_a_refusal(world: Any) -> None:
    world.sandbox.faults.add(HttpFaultKind.STATUS, path="/retailer/shipments", status=400)

    with pytest.raises(OrderRejected, match="status 400"):
        confirm(world, world.sell())


def test_a_second_confirmation_of_the_same_pieces_fails_and_says_why(world: Any) -> None:
    ref = world.sell()
    first, second = confirm(world, ref), confirm(world, ref, reference="OH-2")
    world.clock.move(seconds=5)

    assert outcome(world, first).rejection == ""
    assert "0 open" in outcome(world, second).rejection
    assert len(world.sandbox.shipments()) == 1


# ------------------------------------------------------------ answers that say little


@pytest.mark.parametrize(
    "kind",
    [
        *(
            HttpFaultKind.AFTER,
            HttpFaultKind.NEVER,
            HttpFaultKind.RESET,
            HttpFaultKind.GARBAGE,
            HttpFaultKind.TRUNCATED,
        ),
        *(HttpFaultKind.HTML, HttpFaultKind.HTML_AFTER, HttpFaultKind.STATUS, HttpFaultKind.STATUS_AFTER),
    ],
)
def test_an_answer_that_says_nothing_leaves_it_unconfirmed_and_is_not_repeated(world: Any, kind: HttpFaultKind) -> None:
    ref = world.sell()
    world.sandbox.faults.add(kind, path="/retailer/shipments", method="POST")

    with pytest.raises(OutcomeUnknown):
        confirm(world, ref)

    assert world.count(CREATE) == 1


def test_a_limit_means_that_it_did_not_happen(world: Any) -> None:
    world.sandbox.auth.limits[CREATE] = (1, timedelta(minutes=1))
    confirm(world, world.sell())

    with pytest.raises(RateLimited) as caught:
        confirm(world, world.sell())

    assert caught.value.after == timedelta(minutes=1)


def test_nothing_is_sent_when_its_time_has_passed(world: Any) -> None:
    command = world.shipment(world.sell())

    with pytest.raises(SafeToRetry):
        world.run(world.bol.confirm(command, not_after=world.clock.now()))

    assert world.count(CREATE) == 0


def test_an_expired_token_is_renewed_for_the_next_try(world: Any) -> None:
    ref = world.sell()
    world.pull()
    world.clock.move(seconds=60)
    world.sandbox.auth.expire_tokens()

    with pytest.raises(SafeToRetry):
        confirm(world, ref)

    assert confirm(world, ref).state is ReceiptState.PENDING


def test_a_token_is_used_until_it_nears_its_end(world: Any) -> None:
    for _ in range(10):
        world.pull()
        world.clock.move(seconds=60)

    assert world.count("POST /token") == 2


def test_keys_that_are_withdrawn_are_refused(world: Any) -> None:
    world.pull()
    world.sandbox.auth.client_secret = "another"
    world.clock.move(minutes=6)

    with pytest.raises(AuthRejected):
        confirm(world, world.sell())


# ------------------------------------------------------------ cancelling and correcting


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (CancelReason.BUYER_REQUEST, "REQUESTED_BY_CUSTOMER"),
        (CancelReason.OUT_OF_STOCK, "OUT_OF_STOCK"),
        (CancelReason.OTHER, "OTHER"),
    ],
)
def test_a_line_is_cancelled_as_a_whole_with_its_reason(world: Any, reason: CancelReason, word: str) -> None:
    ref = world.sell((CUP, 2))

    receipt = world.run(world.bol.cancel(world.cancellation(ref, reason), not_after=world.soon()))
    world.clock.move(seconds=5)

    assert sent(world) == {"orderItems": [{"orderItemId": world.item_refs(ref)[0], "reasonCode": word}]}
    assert outcome(world, receipt).state is ReceiptState.DONE
    assert world.sandbox.cancelled() == {ref}


def test_what_was_sent_cannot_be_cancelled(world: Any) -> None:
    ref = world.sell()
    world.sandbox.ship_elsewhere(ref)

    with pytest.raises(OrderRejected):
        world.run(world.bol.cancel(world.cancellation(ref), not_after=world.soon()))

    assert world.count(CANCEL) == 1


@pytest.mark.parametrize("named", [True, False])
def test_a_correction_changes_the_tracking_number_and_never_the_moment(world: Any, named: bool) -> None:
    ref = world.sell()
    confirm(world, ref)
    world.clock.move(minutes=5)
    (before,) = world.sandbox.shipments()
    shipment_ref = next(iter(world.sandbox.trade.parcels)) if named else ""

    world.run(world.bol.correct(world.correction(ref, shipment_ref), not_after=world.soon()))
    world.clock.move(minutes=5)

    (after,) = world.sandbox.shipments()
    assert (after.carrier_code, after.tracking_number) == ("DHLFORYOU", "JVGL0600000000000001")
    assert after.at == before.at
    assert sum(call.startswith("PUT /retailer/transports/") for call in world.sandbox.calls) == 1


def test_a_correction_waits_until_bol_shows_the_shipment(world: Any) -> None:
    with pytest.raises(SafeToRetry):
        world.run(world.bol.correct(world.correction(world.sell()), not_after=world.soon()))


def test_what_bol_has_no_word_for_is_a_mistake_of_the_caller(world: Any) -> None:
    ref = world.sell()

    with pytest.raises(NotImplementedError):
        world.run(world.bol.accept(Acceptance(ref, "OH-1", ()), not_after=world.soon()))
    with pytest.raises(NotImplementedError):
        world.run(world.bol.refuse_cancellation(CancellationRefusal(ref, "OH-1", ()), not_after=world.soon()))
