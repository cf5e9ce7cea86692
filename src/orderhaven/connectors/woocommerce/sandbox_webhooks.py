"""The sandbox's webhooks: made, changed and removed through the API, and what they would have delivered.

Nothing is sent from here: whoever plays the internet takes the deliveries and carries them on.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from orderhaven.connectors.woocommerce.sandbox_api import Route, updates
from orderhaven.connectors.woocommerce.sandbox_errors import ApiError, Unplayed, missing
from orderhaven.connectors.woocommerce.sandbox_not_simulated import NO_OTHER_WEBHOOKS
from orderhaven.connectors.woocommerce.sandbox_orders import Body, OrderBook, dates
from orderhaven.connectors.woocommerce.sandbox_parameters import PAGES, Parameters, page_of
from orderhaven.connectors.woocommerce.sandbox_responses import SandboxRequest, SandboxResponse, page
from orderhaven.connectors.woocommerce.sandbox_schema import DELETE, Check, check_params, is_true, one_of, string
from orderhaven.connectors.woocommerce.sandbox_site import Site

_HOOKS: Mapping[str, Sequence[str]] = {
    "order.created": ("woocommerce_new_order",),
    "order.updated": ("woocommerce_update_order", "woocommerce_order_refunded"),
    "order.deleted": ("wp_trash_post", "woocommerce_trash_order"),
    "order.restored": ("untrashed_post", "woocommerce_untrash_order"),
    "product.created": ("woocommerce_process_product_meta", "woocommerce_new_product", "woocommerce_new_product_variation"),
    "product.updated": (
        "woocommerce_process_product_meta", "woocommerce_update_product", "woocommerce_update_product_variation",
    ),
    "product.deleted": ("wp_trash_post",),
    "product.restored": ("untrashed_post",),
}  # fmt: skip
_NOT_PLAYED = ("customer.", "coupon.", "action.")
_STATUSES = ("active", "paused", "disabled")
_SCHEMA: Mapping[str, Check] = {
    "name": string,
    "status": one_of(_STATUSES),
    "topic": string,
    "delivery_url": string,
    "secret": string,
}
_PARAMETERS: Parameters = {
    **PAGES,
    "order": one_of(("asc", "desc")),
    "orderby": one_of(("date", "id", "title")),
    "status": one_of(("all", *_STATUSES)),
}


@dataclass
class SandboxWebhook:
    id: int
    name: str
    topic: str
    url: str
    secret: str
    created: int
    modified: int
    status: str = "active"


@dataclass(frozen=True)
class WebhookDelivery:
    """A request that the shop would have sent; `body` is what was signed, to the letter."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Webhooks:
    """`shown` gives what a delivery tells of an order or a product, by resource and id; None when it is gone."""

    book: OrderBook
    site: Site
    shown: Callable[[str, int], bytes | None]
    now: Callable[[], int]
    _made: dict[int, SandboxWebhook] = field(default_factory=dict)
    _due: dict[tuple[int, int], None] = field(default_factory=dict)  # (webhook, order or product), each once a request
    _delivered: list[WebhookDelivery] = field(default_factory=list)

    def routes(self) -> list[Route]:
        one = r"/webhooks/(\d+)"
        return [
            Route("GET", "/webhooks", self._list, lambda: _PARAMETERS),
            Route("POST", "/webhooks", self._create, check_body=_check_new),
            Route("GET", one, lambda asked, number: SandboxResponse(self._shown(self._webhook(number)))),
            *updates(one, self._update, partial(check_params, _SCHEMA)),
            Route("DELETE", one, self._delete, check_body=partial(check_params, DELETE)),
        ]

    @property
    def deliveries(self) -> Sequence[WebhookDelivery]:
        """All that was sent so far."""
        self.deliver()
        return self._delivered

    def deliver(self) -> None:
        """What has become due goes out, as it stands now."""
        due, self._due = self._due, {}
        for webhook_id, number in due:
            webhook = self._made.get(webhook_id)
            if webhook is not None and (body := self._body(webhook.topic, number)) is not None:
                self._delivered.append(self._delivery(webhook, body))

    def happened(self, topic: str, number: int) -> None:
        for webhook in self._made.values():
            if webhook.topic == topic and webhook.status == "active":
                self._due[webhook.id, number] = None

    def _body(self, topic: str, number: int) -> bytes | None:
        resource, _, event = topic.partition(".")
        return b'{"id":%d}' % number if event == "deleted" else self.shown(resource, number)

    def _delivery(self, webhook: SandboxWebhook, body: bytes) -> WebhookDelivery:
        resource, _, event = webhook.topic.partition(".")
        proof = base64.b64encode(hmac.digest(webhook.secret.encode(), body, hashlib.sha256)).decode()
        told = {
            "content-type": "application/json",
            "x-wc-webhook-source": f"{self.site.home_url}/",
            "x-wc-webhook-topic": webhook.topic,
            "x-wc-webhook-resource": resource,
            "x-wc-webhook-event": event,
            "x-wc-webhook-signature": proof,
            "x-wc-webhook-id": str(webhook.id),
            "x-wc-webhook-delivery-id": secrets.token_hex(16),
        }
        return WebhookDelivery(webhook.url, {**self._sender(), **told}, body)

    def _greet(self, webhook: SandboxWebhook) -> None:
        """When one is made, WooCommerce tries its address by a form that it does not sign."""
        headers = {**self._sender(), "content-type": "application/x-www-form-urlencoded"}
        self._delivered.append(WebhookDelivery(webhook.url, headers, b"webhook_id=%d" % webhook.id))

    def _sender(self) -> Mapping[str, str]:
        return {"user-agent": f"WooCommerce/{self.site.version} Hookshot (WordPress/7.0.4)"}

    def _list(self, asked: SandboxRequest) -> SandboxResponse:
        wanted = asked.query.text("status", "all")
        found = [webhook for webhook in self._made.values() if wanted in ("all", webhook.status)]
        if asked.query.text("orderby") == "title":
            found.sort(key=lambda webhook: webhook.name)
        if asked.query.text("order", "desc") == "desc":
            found.reverse()
        start, rows = page_of(asked.query)
        return page([self._shown(webhook) for webhook in found[start : start + rows]], len(found), asked.query)

    def _create(self, asked: SandboxRequest) -> SandboxResponse:
        """Its date of change comes with the second saving, of which the answer knows nothing yet."""
        sent = asked.body
        _check_values(sent)
        now, name = self.now(), sent.get("name") or f"Webhook created on {_in_words(self.now())}"
        secret = sent.get("secret") or secrets.token_urlsafe(36)
        made = SandboxWebhook(
            self.book.next_id(), name, sent["topic"].lower(), sent["delivery_url"], secret, now, now,
            sent.get("status") or "active",
        )  # fmt: skip
        self._made[made.id] = made
        self.book.notify = self.happened
        self._greet(made)
        return SandboxResponse({**self._shown(made), "date_modified": None, "date_modified_gmt": None}, 201)

    def _update(self, asked: SandboxRequest, number: str) -> SandboxResponse:
        webhook, sent = self._webhook(number), asked.body
        _check_values({"topic": webhook.topic, "delivery_url": webhook.url, **sent})
        webhook.name = sent.get("name") or webhook.name
        webhook.topic = (sent.get("topic") or webhook.topic).lower()
        webhook.secret = sent.get("secret") or webhook.secret
        webhook.status = sent.get("status") or webhook.status
        webhook.modified = self.now()
        webhook.url = sent.get("delivery_url") or webhook.url
        return SandboxResponse(self._shown(webhook))

    def _delete(self, asked: SandboxRequest, number: str) -> SandboxResponse:
        webhook = self._webhook(number)
        if not is_true(asked.body.get("force")):
            raise ApiError(501, "woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.")
        return SandboxResponse(self._shown(self._made.pop(webhook.id)))

    def _webhook(self, number: str) -> SandboxWebhook:
        if int(number) not in self._made:
            raise ApiError(404, "woocommerce_rest_shop_webhook_invalid_id", "ID is invalid.")
        return self._made[int(number)]

    def _shown(self, webhook: SandboxWebhook) -> Body:
        resource, _, event = webhook.topic.partition(".")
        return {
            "id": webhook.id,
            "name": webhook.name,
            "status": webhook.status,
            "topic": webhook.topic,
            "resource": resource,
            "event": event,
            "hooks": _HOOKS[webhook.topic],
            "delivery_url": webhook.url,
            **dates("date_created", webhook.created, self.book.zone),
            **dates("date_modified", webhook.modified, self.book.zone),
        }


def _check_new(sent: Mapping[str, Any]) -> None:
    if absent := [name for name in ("topic", "delivery_url") if name not in sent]:
        raise missing(*absent)
    check_params(_SCHEMA, sent)


def _check_values(sent: Mapping[str, Any]) -> None:
    topic = str(sent["topic"]).lower()
    if topic.startswith(_NOT_PLAYED):
        raise Unplayed(NO_OTHER_WEBHOOKS)
    if topic not in _HOOKS:
        message = "Webhook topic is required and must be valid."
        raise ApiError(400, "woocommerce_rest_shop_webhook_invalid_topic", message)
    if not str(sent["delivery_url"]).startswith(("http://", "https://")):
        message = "Webhook delivery URL must be a valid URL starting with http:// or https://."
        raise ApiError(400, "woocommerce_rest_shop_webhook_invalid_delivery_url", message)


def _in_words(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%b %d, %Y @ %I:%M %p")
