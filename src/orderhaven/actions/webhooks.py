"""The addresses of programs that are called for what happens."""

from collections.abc import Collection

from orderhaven.actions.errors import Impossible, impossible
from orderhaven.actions.hand import Hand, needs
from orderhaven.core.access import Power
from orderhaven.core.notices import HookKind
from orderhaven.networks import allowed_networks
from orderhaven.notices import addresses
from orderhaven.store import deliveries, hooks
from orderhaven.store.models import Channel, Delivery, Webhook


@needs(Power.SET_UP)
def webhook_list(by: Hand) -> list[Webhook]:
    return hooks.of_merchant(by.merchant_id)


@needs(Power.SET_UP)
def make(by: Hand, url: str, kinds: Collection[str]) -> str:
    """The secret that signs its calls, which is shown this once. Raises Impossible."""
    url = url.strip()
    wrong = addresses.complaint(url, allowed_networks())
    if wrong:
        raise Impossible(wrong)
    unknown = [one for one in kinds if one not in list(HookKind)]
    if unknown or not kinds:
        raise impossible("Say what the address is called for: {kinds}.", kinds=", ".join(HookKind))
    if len(hooks.of_merchant(by.merchant_id)) >= hooks.MOST_OF_A_MERCHANT:
        raise impossible(
            "There are {number} webhooks already, and no more can be had. End one first.",
            number=hooks.MOST_OF_A_MERCHANT,
        )
    wanted = {HookKind(one) for one in kinds}
    secret = hooks.make(by.merchant_id, url, wanted, by.clock.now(), by.actor)
    if secret is None:
        raise impossible("There is a webhook to {url} already. End that one first.", url=url)
    return secret


@needs(Power.SET_UP)
def end(by: Hand, webhook_id: int) -> None:
    """It is not called any more, and its log goes with it. Raises Impossible."""
    if not hooks.end(by.merchant_id, webhook_id, by.clock.now(), by.actor):
        raise impossible("There is no such webhook any more.")


@needs(Power.SET_UP)
def pause(by: Hand, webhook_id: int) -> None:
    """It is not called until it is resumed; what happens meanwhile is not told to it. Raises Impossible."""
    _webhook(by, webhook_id)
    deliveries.pause_webhook(by.merchant_id, webhook_id, by.clock.now(), by.actor)


@needs(Power.SET_UP)
def resume(by: Hand, webhook_id: int) -> None:
    """It is called for what happens from now on. Raises Impossible."""
    _webhook(by, webhook_id)
    hooks.resume(by.merchant_id, webhook_id, by.clock.now(), by.actor)


@needs(Power.SET_UP)
def send_test(by: Hand, webhook_id: int) -> None:
    """One call that says nothing, tried once, also while it is paused. Raises Impossible."""
    hooks.put_test(_webhook(by, webhook_id), by.clock.now())


@needs(Power.SET_UP)
def log(by: Hand) -> list[Delivery]:
    """The latest calls, newest first, and what came of each."""
    return deliveries.log(by.merchant_id, Channel.WEBHOOK)


def _webhook(by: Hand, webhook_id: int) -> Webhook:
    found = hooks.one(by.merchant_id, webhook_id)
    if found is None:
        raise impossible("There is no such webhook any more.")
    return found
