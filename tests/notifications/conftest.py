"""A trade whose hub notifies users and API clients, with a mail server and a program that listen."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from orderhaven import catalogues
from orderhaven.actions import webhooks
from orderhaven.actions.context import ActionContext
from orderhaven.core.access import Role
from orderhaven.core.networks import LOOPBACK
from orderhaven.core.notifications import WebhookEvent
from orderhaven.core.translation import Catalogue
from orderhaven.notifications.mail import server_of_the_environment
from orderhaven.notifications.notifier import Notifier
from orderhaven.notifications.webhook_calls import WebhookClient
from orderhaven.ports.sandbox import CatalogueItem
from orderhaven.store.models import Membership, User, Webhook
from orderhaven.store.sql.execute import StoreExecutor
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from orderhaven.words.notifications import write
from tests.journeys.conftest import Trade, start_trade

from .program import Program
from .sink import Sink

T = TypeVar("T")
CUP = CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99")  # the shop does not have it
_ROUND = timedelta(seconds=30)


@dataclass
class Office:
    """The trade, and what is sent about it. Time passes in steps of half a minute, each with one scan and its sending."""

    trade: Trade
    sink: Sink = field(default_factory=Sink)
    program: Program = field(default_factory=Program)
    catalogue_of: Callable[[str], Catalogue] = catalogues.catalogue
    call_timeout_s: float = 10.0
    notifier: Any = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def opens(self) -> None:
        """A hub starts: with a courier that knows nothing of the one before."""
        if self.notifier is not None:
            self.does(self.notifier.close())
        self.notifier = self.does(self._open())

    async def _open(self) -> Notifier:
        caller = WebhookClient(reach=LOOPBACK, timeout_s=self.call_timeout_s)
        server = server_of_the_environment()
        return Notifier(self.trade.clock, StoreExecutor(), caller, server, write, self.catalogue_of)

    def passes(self, **duration: float) -> None:
        until = self.trade.clock.now() + timedelta(**duration)
        while (left := until - self.trade.clock.now()) > timedelta(0):
            self.trade.passes(seconds=min(left, _ROUND).total_seconds())
            self.does(self.round())

    async def round(self) -> None:
        await self.notifier.scan()
        while await self.notifier.send():
            await self.notifier.all_end()

    def dies_in_a_call(self) -> None:
        """The hub ends after the call was begun and before its answer was written down."""
        self.does(self._die())
        self.opens()

    async def _die(self) -> None:
        await self.notifier.scan()
        await self.notifier.send()
        await self.program.called.wait()

    def does(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def closes(self) -> None:
        self.does(self.notifier.close())
        self.does(self.sink.stop())
        self.does(self.program.stop())
        self._loop.close()

    # people and programs

    @property
    def context(self) -> ActionContext:
        return self.trade.context

    def employs(self, name: str, role: Role = Role.OPERATOR, **columns: str) -> User:
        email = f"{name.lower()}@example.com"
        person = User.objects.create(email=email, name=name, created_at=self.trade.clock.now(), **columns)
        Membership.objects.create(user=person, merchant_id=self.context.merchant_id, role=role)
        return person

    def listens(self, *kinds: WebhookEvent) -> tuple[Webhook, str]:
        """The program has a webhook, for everything unless said: it, and its secret."""
        secret = webhooks.make(self.context, self.program.url, kinds or tuple(WebhookEvent))
        return Webhook.objects.get(url=self.program.url), secret


@pytest.fixture
def trade(request: pytest.FixtureRequest, store: None) -> Iterator[Trade]:
    marker = request.node.get_closest_marker("link")
    started = start_trade(REFERENCE_MARKETPLACE, REFERENCE_SHOP, **(marker.kwargs if marker else {}))
    started.passes(seconds=10)
    yield started
    started.close()


@pytest.fixture
def office(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    made = Office(trade)
    port = made.does(made.sink.start())
    made.does(made.program.start())
    monkeypatch.setenv("ORDERHAVEN_SMTP_URL", f"smtp://127.0.0.1:{port}")
    monkeypatch.setenv("ORDERHAVEN_MAIL_FROM", "Orderhaven <orders@hub.example>")
    monkeypatch.setenv("ORDERHAVEN_URL", "https://orders.example.com")
    monkeypatch.setenv("ORDERHAVEN_LANGUAGE", "en")
    monkeypatch.setenv("ORDERHAVEN_ALLOW_NETWORKS", "loopback")
    made.opens()
    yield made
    made.closes()
