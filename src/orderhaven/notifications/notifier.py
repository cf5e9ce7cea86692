"""The delivering itself: finds what there is to say, writes the mails, makes the calls, and records what came of each."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from orderhaven import catalogues, paths
from orderhaven.core.notifications import NotificationKind
from orderhaven.core.translation import Catalogue, current_catalogue
from orderhaven.networks import allowed_networks
from orderhaven.notifications import delivery_answers
from orderhaven.notifications.mail import MailServer, enveloped, send, server_of_the_environment
from orderhaven.notifications.templates import NotificationContext, Write
from orderhaven.notifications.webhook_calls import WebhookClient, body_of, headers_of
from orderhaven.ports.connector import Clock, is_time
from orderhaven.store.connections.keys import KeysLost
from orderhaven.store.models import Delivery, DeliveryState, User, Webhook
from orderhaven.store.notifications import deliveries, notification_scan, notifications, webhook_subscriptions
from orderhaven.store.notifications.deliveries import DeliveryResult
from orderhaven.store.sql.execute import StoreExecutor, StoreFailure

log = structlog.get_logger()
_CHECKS_EVERY = timedelta(seconds=1)
_NOTES_EVERY = timedelta(seconds=30)
_FORGETS_EVERY = timedelta(hours=1)
_SHORTEST_REAL_S = 0.05  # on a fast clock
_UNDER_WAY_AT_MOST = 100
_ATTEMPT_AT_MOST_S = 150.0  # longer than any attempt takes: until then nobody repeats it
_STOPS_WITHIN_S = 15.0
_MAILS_AT_ONCE = deliveries.AT_ONCE


@dataclass
class Notifier:
    """One for each process. Make it inside the running loop, and close it at the end."""

    clock: Clock
    run_in_store: StoreExecutor
    caller: WebhookClient
    server: MailServer | None  # None: no mail is made
    write: Write
    catalogue_of: Callable[[str], Catalogue] = catalogues.catalogue
    _notes_at: datetime | None = None  # None: at once
    _forgets_at: datetime | None = None
    _under_way: dict[asyncio.Task[None], int | None] = field(default_factory=dict)  # and to which webhook
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_MAILS_AT_ONCE, thread_name_prefix="mail")
    )

    async def scan(self) -> None:
        """Note what there is to say, make mails and calls of it, and remove old ones, each when it is time."""
        now = self.clock.now()
        if self.server is not None and is_time(self._notes_at, now, _NOTES_EVERY):
            self._notes_at = now + _NOTES_EVERY
            await self.run_in_store(notification_scan.scan, now, ZoneInfo(paths.time_zone()))
            made = await self.run_in_store(notifications.notify, now)
            if made:
                log.info("mails_enqueued", number=made)
        await self.run_in_store(webhook_subscriptions.fan_out, now)
        if is_time(self._forgets_at, now, _FORGETS_EVERY):
            self._forgets_at = now + _FORGETS_EVERY
            await self.run_in_store(deliveries.forget_old, now)

    async def send(self) -> bool:
        """Begin what is due, as far as there is room. Whether anything was begun."""
        room = _UNDER_WAY_AT_MOST - len(self._under_way)
        if room <= 0:
            return False
        now, busy = self.clock.now(), Counter(self._under_way.values())
        lease = self.clock.in_real(_ATTEMPT_AT_MOST_S)
        begun = await self.run_in_store(deliveries.begin, now, now + lease, busy, room)
        for one in begun:
            task = asyncio.create_task(self._attempt(one))
            self._under_way[task] = one.webhook_id
            task.add_done_callback(self._under_way.pop)
        return bool(begun)

    async def one_ends(self, within: timedelta) -> None:
        """Wait until an attempt has ended, or for so long."""
        if not self._under_way:
            await self.clock.sleep(within)
            return
        real_s = within / self.clock.in_real(1.0)
        await asyncio.wait(set(self._under_way), timeout=real_s, return_when=asyncio.FIRST_COMPLETED)

    async def all_end(self, within_s: float | None = None) -> None:
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=within_s)

    async def close(self) -> None:
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self.caller.close()

    # below: one attempt

    async def _attempt(self, delivery: Delivery) -> None:
        hook = delivery.webhook
        try:
            fate, answer = await (self._mail(delivery) if hook is None else self._call(delivery, hook))
        except KeysLost:
            log.error("keys_lost")
            fate, answer = DeliveryResult.LATER, delivery_answers.UNEXPECTED
        except Exception:  # the edge of an attempt: a bug of ours must not hold up the others
            log.exception("delivery_crashed", delivery=delivery.pk)
            fate, answer = DeliveryResult.LATER, delivery_answers.UNEXPECTED
        try:
            state = await self.run_in_store(deliveries.finish, delivery, fate, answer, self.clock.now())
        except StoreFailure as error:  # it is sent again, under the same name
            log.error("store_failure", cause=str(error))
            return
        tell = log.info if state is DeliveryState.DONE else log.warning
        tell("delivery", channel=delivery.channel, kind=delivery.kind, delivery=delivery.pk, state=state)

    async def _call(self, delivery: Delivery, hook: Webhook) -> tuple[DeliveryResult, str]:
        secret = await self.run_in_store(webhook_subscriptions.secret_of, hook)
        name = deliveries.name_of(delivery)
        body = body_of(name, delivery.kind, delivery.data)
        return await self.caller.call(hook.url, headers_of(name, secret, body, self.clock.now()), body)

    async def _mail(self, delivery: Delivery) -> tuple[DeliveryResult, str]:
        reader = delivery.user
        if reader is None or not await self.run_in_store(deliveries.may_read, delivery.merchant_id, reader.pk):
            return DeliveryResult.NEVER, delivery_answers.NO_READER
        if self.server is None:
            return DeliveryResult.LATER, delivery_answers.NO_SERVER
        news = _news(delivery, reader)
        with current_catalogue(self.catalogue_of(news.language)):
            letter = self.write(news)
        name, preferences_url = deliveries.name_of(delivery), f"{paths.web_address()}/me"
        message = enveloped(letter, name, self.server.sender, reader.email, delivery.created_at, preferences_url)
        return await asyncio.get_running_loop().run_in_executor(self._threads, send, self.server, message)


def open_notifier(clock: Clock, write: Write) -> Notifier:
    """As the environment says. Raises OSError with a sentence when it says something wrong about mail."""
    server = server_of_the_environment()
    return Notifier(clock, StoreExecutor(), WebhookClient(reach=allowed_networks()), server, write)


async def deliver(notifier: Notifier, stop: asyncio.Event) -> None:
    """Notify users and API clients until `stop` is set; then finish what is under way, for a while, and close."""
    pause = max(_CHECKS_EVERY, notifier.clock.in_real(_SHORTEST_REAL_S))
    try:
        while not stop.is_set():
            try:
                await notifier.scan()
                await notifier.send()
            except StoreFailure as error:  # a full disk, a locked database: it may pass
                log.error("store_failure", cause=str(error))
            except Exception:  # the edge of a pass: notices must not end the hub
                log.exception("notifications_crashed")
            await notifier.one_ends(pause)
        await notifier.all_end(_STOPS_WITHIN_S)
    finally:
        await notifier.close()
        notifier.run_in_store.close()


def _news(delivery: Delivery, reader: User) -> NotificationContext:
    language = reader.language or catalogues.of_this_process()
    zone = ZoneInfo(reader.time_zone or paths.time_zone())
    merchant = delivery.merchant
    return NotificationContext(
        NotificationKind(delivery.kind),
        delivery.data,
        delivery.created_at,
        merchant.name,
        merchant.slug,
        language,
        zone,
    )
