"""The addresses of programs that are called for what happens."""

from collections.abc import Collection

from orderhaven.actions.context import ActionContext, requires
from orderhaven.actions.errors import ActionRefused, action_refused
from orderhaven.core.access import Permission
from orderhaven.core.notifications import WebhookEvent
from orderhaven.networks import allowed_networks
from orderhaven.notifications import addresses
from orderhaven.store.models import Channel, Delivery, Webhook
from orderhaven.store.notifications import deliveries, webhook_subscriptions


@requires(Permission.CONFIGURE)
def webhook_list(context: ActionContext) -> list[Webhook]:
    return webhook_subscriptions.of_merchant(context.merchant_id)


@requires(Permission.CONFIGURE)
def make(context: ActionContext, url: str, kinds: Collection[str]) -> str:
    """The secret that signs its calls, which is shown this once. Raises ActionRefused."""
    url = url.strip()
    wrong = addresses.complaint(url, allowed_networks())
    if wrong:
        raise ActionRefused(wrong)
    unknown = [one for one in kinds if one not in list(WebhookEvent)]
    if unknown or not kinds:
        raise action_refused("Say what the address is called for: {kinds}.", kinds=", ".join(WebhookEvent))
    if len(webhook_subscriptions.of_merchant(context.merchant_id)) >= webhook_subscriptions.MOST_OF_A_MERCHANT:
        raise action_refused(
            "There are {number} webhooks already, and no more can be had. End one first.",
            number=webhook_subscriptions.MOST_OF_A_MERCHANT,
        )
    wanted = {WebhookEvent(one) for one in kinds}
    secret = webhook_subscriptions.create_webhook(context.merchant_id, url, wanted, context.clock.now(), context.actor)
    if secret is None:
        raise action_refused("There is a webhook to {url} already. End that one first.", url=url)
    return secret


@requires(Permission.CONFIGURE)
def end(context: ActionContext, webhook_id: int) -> None:
    """It is not called any more, and its log goes with it. Raises ActionRefused."""
    if not webhook_subscriptions.delete_webhook(context.merchant_id, webhook_id, context.clock.now(), context.actor):
        raise action_refused("There is no such webhook any more.")


@requires(Permission.CONFIGURE)
def pause(context: ActionContext, webhook_id: int) -> None:
    """It is not called until it is resumed; what happens meanwhile is not sent to it. Raises ActionRefused."""
    _webhook(context, webhook_id)
    deliveries.pause_webhook(context.merchant_id, webhook_id, context.clock.now(), context.actor)


@requires(Permission.CONFIGURE)
def resume(context: ActionContext, webhook_id: int) -> None:
    """It is called for what happens from now on. Raises ActionRefused."""
    _webhook(context, webhook_id)
    webhook_subscriptions.resume_webhook(context.merchant_id, webhook_id, context.clock.now(), context.actor)


@requires(Permission.CONFIGURE)
def send_test(context: ActionContext, webhook_id: int) -> None:
    """One call that says nothing, tried once, also while it is paused. Raises ActionRefused."""
    webhook_subscriptions.put_test(_webhook(context, webhook_id), context.clock.now())


@requires(Permission.CONFIGURE)
def log(context: ActionContext) -> list[Delivery]:
    """The latest calls, newest first, and what came of each."""
    return deliveries.log(context.merchant_id, Channel.WEBHOOK)


def _webhook(context: ActionContext, webhook_id: int) -> Webhook:
    found = webhook_subscriptions.get_webhook(context.merchant_id, webhook_id)
    if found is None:
        raise action_refused("There is no such webhook any more.")
    return found
