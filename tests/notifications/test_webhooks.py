"""What API clients get: signed, at least once under one name, of their own merchant only, and never of a buyer."""

import base64
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orderhaven.actions import webhooks
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import ActionRefused, PermissionDenied
from orderhaven.core.access import PERMISSIONS, Role
from orderhaven.core.notifications import WebhookEvent
from orderhaven.ports.connector import Side
from orderhaven.store.connections import connections
from orderhaven.store.models import Delivery, Event, Merchant, Order, Problem, Webhook
from orderhaven.store.notifications import webhook_subscriptions
from orderhaven.testing.clock import START
from tests.journeys.conftest import MUG, POSTNL_CODE

from .conftest import CUP, Office

PERSON = {"first_name": "Wilhelmina", "last_name": "Zonderland", "street": "Appelboomgaard", "city": "Zierikzee"}


def test_an_api_client_gets_every_event_of_an_order(office: Office) -> None:
    office.listens()
    ref = office.trade.sells()
    office.passes(minutes=10)
    office.trade.shop.complete(office.trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    office.passes(minutes=12)

    assert office.program.kinds() == ["order.received", "order.created", "order.status", "shipment.confirmed"]
    last = office.program.calls[-1].said
    assert last["merchant"] == "wolkenwinkel"
    assert (last["order"]["marketplace"], last["order"]["ref"]) == ("bol NL", ref)
    assert last["order"]["status"] == "shipped"
    assert last["data"] == {"tracking_number": POSTNL_CODE, "carrier": "postnl"}


def test_a_call_is_signed_with_the_secret_over_time_and_body(office: Office) -> None:
    _, secret = office.listens()
    office.trade.sells()
    office.passes(minutes=6)

    call = office.program.calls[0]
    timestamp = call.headers["Webhook-Timestamp"]
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    expected = hmac.digest(key, f"{call.name}.{timestamp}.".encode() + call.body, "sha256")

    assert call.headers["Webhook-Signature"] == f"v1,{base64.b64encode(expected).decode()}"
    assert abs(int(timestamp) - office.trade.clock.now().timestamp()) < 600
    assert call.said["id"] == call.name
    assert secret not in str(Webhook.objects.values_list("secret", flat=True).get())


def test_a_webhook_is_called_for_the_events_it_wants_and_for_nothing_before_it_was_created(office: Office) -> None:
    office.trade.sells()
    office.passes(minutes=6)
    office.listens(WebhookEvent.ORDER_PROBLEM)

    office.trade.sells()
    office.trade.sells((CUP, 1))
    office.passes(minutes=10)

    assert office.program.kinds() == ["order.problem"]
    assert office.program.calls[0].said["data"] == {"problem": "unknown_product"}


def test_trouble_with_a_connection_is_sent_to_webhooks(office: Office) -> None:
    office.listens(WebhookEvent.CONNECTION_TROUBLE)

    office.trade.rotates_secrets_wrongly(Side.SHOP)
    office.passes(minutes=10)

    [call] = office.program.calls
    assert call.said["connection"] == {"name": "Webshop", "side": "shop"}
    assert call.said["data"] == {"problem": "auth_rejected"}


def test_another_merchants_events_never_reach_a_webhook(office: Office) -> None:
    other = Merchant.objects.create(name="Somebody else", slug="somebody-else")
    stranger = ActionContext("sam", other.pk, office.trade.clock)
    webhooks.make(stranger, office.program.url, list(WebhookEvent))

    ref = office.trade.sells()
    office.trade.sells((CUP, 1))
    office.passes(minutes=10)
    office.trade.shop.complete(office.trade.shop_ref(ref))
    office.trade.rotates_secrets_wrongly(Side.SHOP)
    office.passes(hours=1)

    assert Event.objects.filter(order__isnull=False).count() > 3
    assert office.program.calls == []
    assert Webhook.objects.get().cursor > 0
    with pytest.raises(ActionRefused):
        webhooks.end(office.context, Webhook.objects.get().pk)


def test_nothing_of_a_buyer_is_reported_or_kept(office: Office) -> None:
    office.listens()
    office.employs("Anna")
    ref = office.trade.sells((MUG, 1), address=PERSON)
    odd = office.trade.sells((CUP, 1), address=PERSON)
    office.passes(minutes=30)
    office.trade.marketplace.request_cancellation(ref)
    refused = {"side": "bol NL", "reason": "nothing is brought to Zonderland, Appelboomgaard"}
    row = Order.objects.get(ref=ref)
    Problem.objects.create(order=row, kind="rejected", values=refused, at=office.trade.clock.now())
    Event.objects.create(
        order=row, kind="problem", data={"problem": "rejected", **refused}, at=office.trade.clock.now(), actor="hub"
    )
    office.passes(minutes=30)

    told = [call.body.decode() for call in office.program.calls]
    told += [str(mail) for mail in office.sink.mails] + [str(mail.get_content()) for mail in office.sink.mails]
    told += [json.dumps(facts) for facts in Delivery.objects.values_list("data", flat=True)]
    assert any(ref in text for text in told)
    assert any(odd in text for text in told)
    assert any("bol NL rejects" in text for text in told)
    assert [] == [text for text in told for word in PERSON.values() if word in text]


# ---------------------------------------------------------------- at least once


def test_a_hub_that_dies_in_a_call_makes_it_again_under_the_same_name(office: Office) -> None:
    office.listens(WebhookEvent.ORDER_RECEIVED)
    office.trade.sells()
    office.trade.passes(minutes=6)
    office.program.hangs = True
    office.dies_in_a_call()
    row = Delivery.objects.get()
    assert (row.state, row.attempt) == ("queued", 1)

    office.program.hangs = False
    office.passes(minutes=10)

    first, second = office.program.calls
    assert (first.name, first.body) == (second.name, second.body)
    assert Delivery.objects.get().state == "done"
    assert Delivery.objects.get().attempt == 2


def test_two_hubs_never_make_the_same_call_at_once(office: Office) -> None:
    office.listens(WebhookEvent.ORDER_RECEIVED)
    office.trade.sells()
    office.trade.passes(minutes=6)
    both = [office.notifier, office.does(office._open())]

    async def at_once() -> None:
        for one in both:
            await one.scan()
        for one in both:
            await one.send()
        for one in both:
            await one.all_end()

    office.does(at_once())
    office.does(both[1].close())

    assert len(office.program.calls) == 1


@pytest.mark.parametrize(("status", "answer"), [(500, "500"), (404, "404"), (302, "302")])
def test_any_other_answer_than_yes_is_tried_again(office: Office, status: int, answer: str) -> None:
    office.listens(WebhookEvent.ORDER_RECEIVED)
    office.program.status, office.program.location = status, "/elsewhere"
    office.trade.sells()
    office.passes(minutes=6)
    assert {call.body for call in office.program.calls} == {office.program.calls[0].body}
    assert Delivery.objects.get().answer == answer

    office.program.status = 200
    office.passes(minutes=20)

    assert Delivery.objects.get().state == "done"


def test_an_endpoint_that_does_not_answer_is_not_waited_for(office: Office) -> None:
    office.call_timeout_s = 0.2
    office.opens()
    office.listens(WebhookEvent.ORDER_RECEIVED)
    office.program.hangs = True
    office.trade.sells()
    office.passes(minutes=6)

    assert Delivery.objects.get().answer == "did not answer in time"
    assert Delivery.objects.get().state == "queued"


def test_one_that_hangs_holds_up_no_other(office: Office) -> None:
    office.listens(WebhookEvent.ORDER_RECEIVED)
    for _ in range(20):
        office.trade.sells()
    office.trade.passes(minutes=6)
    office.program.hangs = True

    async def seconds() -> int:
        await office.notifier.scan()
        for _ in range(3):
            await office.notifier.send()
        return len(office.notifier._under_way)

    assert office.does(seconds()) == 4


def test_an_endpoint_that_fails_for_three_days_is_paused_and_that_is_written_down(office: Office) -> None:
    office.listens(WebhookEvent.ORDER_RECEIVED)
    office.program.status = 500
    office.trade.sells()
    office.passes(minutes=6)
    office.trade.sells()
    office.passes(minutes=6)

    while Webhook.objects.get().paused_at is None:
        due = Delivery.objects.filter(state="queued").order_by("due_at").values_list("due_at", flat=True)[0]
        office.trade.clock.advance(max(due - office.trade.clock.now(), timedelta(seconds=1)))
        office.does(office.round())

    assert Webhook.objects.get().paused_at - Webhook.objects.get().created_at >= timedelta(days=3)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"given_up"}
    event = Event.objects.get(kind="webhook_paused")
    assert (event.merchant_id, event.actor, event.data) == (
        office.context.merchant_id,
        "hub",
        {"url": office.program.url},
    )


def test_one_call_that_fails_among_others_that_arrive_pauses_nothing(office: Office) -> None:
    office.listens(WebhookEvent.ORDER_RECEIVED)
    office.program.status = 500
    office.trade.sells()
    office.passes(minutes=6)
    stuck = Delivery.objects.get()
    office.program.status = 200
    Delivery.objects.update(due_at=office.trade.clock.now() + timedelta(days=3))
    office.trade.sells()
    office.passes(minutes=6)

    office.program.status = 500
    office.trade.clock.advance(timedelta(days=3))
    office.does(office.round())

    stuck.refresh_from_db()
    assert stuck.state == "given_up"
    assert Webhook.objects.get().paused_at is None


def test_an_endpoint_that_says_it_is_gone_is_paused_at_once(office: Office) -> None:
    office.listens(WebhookEvent.ORDER_RECEIVED)
    office.program.status = 410
    office.trade.sells()
    office.passes(minutes=6)
    calls = len(office.program.calls)

    office.trade.sells()
    office.passes(minutes=20)

    assert calls == len(office.program.calls) == 1
    assert Webhook.objects.get().paused_at is not None


# ---------------------------------------------------------------- what a person does


def test_a_paused_webhook_is_not_called_and_a_resumed_one_is_called_for_what_comes(office: Office) -> None:
    hook, _ = office.listens(WebhookEvent.ORDER_RECEIVED)
    webhooks.pause(office.context, hook.pk)
    office.trade.sells()
    office.passes(minutes=6)
    assert office.program.calls == []

    webhooks.resume(office.context, hook.pk)
    after = office.trade.sells()
    office.passes(minutes=6)

    assert [call.said["order"]["ref"] for call in office.program.calls] == [after]


def test_a_test_call_is_made_once_also_to_one_that_is_paused(office: Office) -> None:
    hook, _ = office.listens()
    webhooks.pause(office.context, hook.pk)
    office.program.status = 503

    webhooks.send_test(office.context, hook.pk)
    office.passes(minutes=10)

    assert office.program.kinds() == ["test"]
    [row] = webhooks.log(office.context)
    assert (row.kind, row.state, row.answer, row.webhook.url) == ("test", "given_up", "503", office.program.url)


def test_a_webhook_that_was_ended_is_gone_with_its_log(office: Office) -> None:
    hook, _ = office.listens()
    office.trade.sells()
    office.passes(minutes=6)
    called = len(office.program.calls)

    webhooks.end(office.context, hook.pk)
    office.trade.sells()
    office.passes(minutes=6)

    assert len(office.program.calls) == called
    assert webhooks.webhook_list(office.context) == []
    assert webhooks.log(office.context) == []
    kinds = Event.objects.filter(merchant_id=office.context.merchant_id).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["webhook_created", "webhook_deleted"]


def test_what_cannot_be_a_webhook_is_refused_in_a_sentence(office: Office) -> None:
    office.listens()

    for url, kinds, why in (
        (office.program.url, ["order.received"], "already"),
        ("https://example.com/a", [], "Say what"),
        ("https://example.com/a", ["order.eaten"], "Say what"),
        ("ftp://example.com/a", ["order.received"], "no web address"),
    ):
        with pytest.raises(ActionRefused, match=why):
            webhooks.make(office.context, url, kinds)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_webhooks_are_for_administrators(office: Office, role: Role) -> None:
    hook, _ = office.listens()
    context = ActionContext("otto", office.context.merchant_id, office.trade.clock, permissions=PERMISSIONS[role])

    acts: list[Any] = [webhooks.end, webhooks.pause, webhooks.resume, webhooks.send_test]
    for act in acts:
        with pytest.raises(PermissionDenied):
            act(context, hook.pk)
    with pytest.raises(PermissionDenied):
        webhooks.log(context)
    with pytest.raises(PermissionDenied):
        webhooks.make(context, "https://example.com", ["order.received"])


def test_secrets_stay_readable_when_the_keys_are_changed(
    store: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERHAVEN_KEY_FILE", str(tmp_path / "keys"))
    merchant = Merchant.objects.create(name="Wolkenwinkel", slug="wolkenwinkel")
    secret = webhook_subscriptions.create_webhook(
        merchant.pk, "https://example.com/a", [WebhookEvent.ORDER_RECEIVED], START, "anna"
    )

    connections.rotate_keys()

    assert webhook_subscriptions.secret_of(Webhook.objects.get()) == secret


# ---------------------------------------------------------------- no event is passed by


def test_an_event_whose_number_is_missing_is_waited_for_and_not_for_ever(office: Office) -> None:
    office.listens(WebhookEvent.ORDER_RECEIVED)
    office.trade.sells()
    office.trade.passes(minutes=6)
    pulled = Event.objects.filter(kind="received").get()
    newest = Event.objects.order_by("-pk").first().pk
    late = Event.objects.create(
        pk=newest + 2, order=pulled.order, at=office.trade.clock.now(), actor="hub", kind="received"
    )
    office.does(office.round())
    assert len(office.program.calls) == 1

    Event.objects.create(pk=newest + 1, order=pulled.order, at=office.trade.clock.now(), actor="hub", kind="received")
    office.does(office.round())
    assert [call.said["event"] for call in office.program.calls][1:] == [newest + 1, late.pk]

    Event.objects.create(pk=newest + 9, order=pulled.order, at=office.trade.clock.now(), actor="hub", kind="received")
    office.does(office.round())
    assert len(office.program.calls) == 3
    office.trade.clock.advance(timedelta(seconds=61))
    office.does(office.round())

    assert office.program.calls[-1].said["event"] == newest + 9


def test_an_event_that_a_clock_wrote_which_was_ahead_holds_up_no_other(office: Office) -> None:
    office.listens(WebhookEvent.ORDER_RECEIVED)
    office.trade.sells()
    office.trade.passes(minutes=6)
    pulled = Event.objects.filter(kind="received").get()
    newest, now = Event.objects.order_by("-pk").first().pk, office.trade.clock.now()
    ahead = Event.objects.create(
        pk=newest + 2, order=pulled.order, at=now + timedelta(days=1), actor="hub", kind="received"
    )
    after = Event.objects.create(
        pk=newest + 3, order=pulled.order, at=now - timedelta(minutes=5), actor="hub", kind="received"
    )

    office.does(office.round())

    assert [call.said["event"] for call in office.program.calls] == [pulled.pk, ahead.pk, after.pk]
