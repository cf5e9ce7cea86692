"""The delivering itself: looks what is to be told, writes the letters, makes the calls, and notes what came of each."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from orderhaven import catalogues, paths
from orderhaven.core.language import Catalogue, speaking
from orderhaven.core.notices import NoticeKind
from orderhaven.networks import allowed_networks
from orderhaven.notices import answers
from orderhaven.notices.calls import Caller, body_of, headers_of
from orderhaven.notices.letters import News, Write
from orderhaven.notices.mail import MailServer, enveloped, send, server_of_the_environment
from orderhaven.ports.clock import Clock, is_time
from orderhaven.store import deliveries, hooks, notices, noticing
from orderhaven.store.deliveries import Fate
from orderhaven.store.keys import KeysLost
from orderhaven.store.models import Delivery, DeliveryState, User, Webhook
from orderhaven.store.sql.hop import Hop, StoreTrouble

log = structlog.get_logger()
_LOOKS_EVERY = timedelta(seconds=1)
_NOTES_EVERY = timedelta(seconds=30)
_FORGETS_EVERY = timedelta(hours=1)
_SHORTEST_REAL_S = 0.05  # on a fast clock
_UNDER_WAY_AT_MOST = 100
_ATTEMPT_AT_MOST_S = 150.0  # longer than any attempt takes: until then nobody repeats it
_STOPS_WITHIN_S = 15.0
_MAILS_AT_ONCE = deliveries.AT_ONCE


@dataclass
class Courier:
    """One for each process. Make it inside the running loop, and close it at the end."""

    clock: Clock
    hop: Hop
    caller: Caller
    server: MailServer | None  # None: no mail is made
    write: Write
    catalogue_of: Callable[[str], Catalogue] = catalogues.catalogue
    _notes_at: datetime | None = None  # None: at once
    _forgets_at: datetime | None = None
    _under_way: dict[asyncio.Task[None], int | None] = field(default_factory=dict)  # and to which webhook
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_MAILS_AT_ONCE, thread_name_prefix="mail")
    )

    async def look(self) -> None:
        """Note what is to be told, make mails and calls of it, and remove old ones, each when it is time."""
        now = self.clock.now()
        if self.server is not None and is_time(self._notes_at, now, _NOTES_EVERY):
            self._notes_at = now + _NOTES_EVERY
            await self.hop(noticing.look, now, ZoneInfo(paths.time_zone()))
            made = await self.hop(notices.tell, now)
            if made:
                log.info("mails_made", number=made)
        await self.hop(hooks.fan_out, now)
        if is_time(self._forgets_at, now, _FORGETS_EVERY):
            self._forgets_at = now + _FORGETS_EVERY
            await self.hop(deliveries.forget_old, now)

    async def send(self) -> bool:
        """Begin what is due, as far as there is room. Whether anything was begun."""
        room = _UNDER_WAY_AT_MOST - len(self._under_way)
        if room <= 0:
            return False
        now, busy = self.clock.now(), Counter(self._under_way.values())
        lease = self.clock.in_real(_ATTEMPT_AT_MOST_S)
        begun = await self.hop(deliveries.begin, now, now + lease, busy, room)
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
            fate, answer = Fate.LATER, answers.UNEXPECTED
        except Exception:  # the edge of an attempt: a bug of ours must not hold up the others
            log.exception("delivery_broke", delivery=delivery.pk)
            fate, answer = Fate.LATER, answers.UNEXPECTED
        try:
            state = await self.hop(deliveries.finish, delivery, fate, answer, self.clock.now())
        except StoreTrouble as error:  # it is sent again, under the same name
            log.error("store_trouble", cause=str(error))
            return
        tell = log.info if state is DeliveryState.DONE else log.warning
        tell("delivery", channel=delivery.channel, kind=delivery.kind, delivery=delivery.pk, state=state)

    async def _call(self, delivery: Delivery, hook: Webhook) -> tuple[Fate, str]:
        secret = await self.hop(hooks.secret_of, hook)
        name = deliveries.name_of(delivery)
        body = body_of(name, delivery.kind, delivery.facts)
        return await self.caller.call(hook.url, headers_of(name, secret, body, self.clock.now()), body)

    async def _mail(self, delivery: Delivery) -> tuple[Fate, str]:
        reader = delivery.user
        if reader is None or not await self.hop(deliveries.may_read, delivery.merchant_id, reader.pk):
            return Fate.NEVER, answers.NO_READER
        if self.server is None:
            return Fate.LATER, answers.NO_SERVER
        news = _news(delivery, reader)
        with speaking(self.catalogue_of(news.language)):
            letter = self.write(news)
        name, wishes_at = deliveries.name_of(delivery), f"{paths.web_address()}/me"
        message = enveloped(letter, name, self.server.sender, reader.email, delivery.made_at, wishes_at)
        return await asyncio.get_running_loop().run_in_executor(self._threads, send, self.server, message)


def open_courier(clock: Clock, write: Write) -> Courier:
    """As the environment says. Raises OSError with a sentence when it says something wrong about mail."""
    server = server_of_the_environment()
    return Courier(clock, Hop(), Caller(reach=allowed_networks()), server, write)


async def deliver(courier: Courier, stop: asyncio.Event) -> None:
    """Tell people and programs what happens until `stop` is set; then finish what is under way, for a while, and close."""
    pause = max(_LOOKS_EVERY, courier.clock.in_real(_SHORTEST_REAL_S))
    try:
        while not stop.is_set():
            try:
                await courier.look()
                await courier.send()
            except StoreTrouble as error:  # a full disk, a locked database: it may pass
                log.error("store_trouble", cause=str(error))
            except Exception:  # the edge of a pass: notices must not end the hub
                log.exception("notices_broke")
            await courier.one_ends(pause)
        await courier.all_end(_STOPS_WITHIN_S)
    finally:
        await courier.close()
        courier.hop.close()


def _news(delivery: Delivery, reader: User) -> News:
    language = reader.language or catalogues.of_this_process()
    zone = ZoneInfo(reader.time_zone or paths.time_zone())
    merchant = delivery.merchant
    return News(
        NoticeKind(delivery.kind), delivery.facts, delivery.made_at, merchant.name, merchant.slug, language, zone
    )
