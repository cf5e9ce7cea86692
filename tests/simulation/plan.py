"""What a seed stands for, as data: who orders what, what people do with it, and what breaks when."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from orderhaven.core.carriers import Carrier
from orderhaven.demo.codes import make_code


class Pair(StrEnum):
    """Which connectors play. The references reach what bol and WooCommerce have no ability for."""

    REAL = "bol and WooCommerce"
    REFERENCES = "the references"


class Deed(StrEnum):
    """What a person does, at the marketplace, in the shop, or at the hub."""

    SELL = "an order comes in"
    SHIP = "the merchant completes it with a code"
    COMPLETE = "the merchant completes it without a code"
    ADD_CODE = "the merchant notes a code"
    CANCEL_IN_SHOP = "the merchant cancels it in the shop"
    REOPEN = "the merchant reopens it in the shop"
    TRASH = "the merchant throws it in the shop's trash"
    DELETE = "the merchant deletes it in the shop"
    CHANGE_PIECES = "the merchant changes its pieces in the shop"
    ASK = "the buyer asks to cancel"
    WITHDRAW = "the buyer wants it after all"
    CANCEL_THERE = "the marketplace cancels it"
    REVERSE_THERE = "the marketplace takes its shipment back"
    SHIP_THERE = "somebody ships it at the marketplace"
    SHIP_PART_THERE = "somebody ships a part of it at the marketplace"
    RETRY = "a person presses Retry"
    TAKE_OVER = "a person takes it over"
    GIVE_BACK = "a person gives it back"
    CANCEL_HERE = "a person cancels it at the hub"
    REFUSE = "a person refuses the cancellation"
    PLACE_AGAIN = "a person has it placed again"
    POLL = "a person asks for a poll now"
    PAUSE = "a person pauses both connections for a while"
    RELEASE = "a person says that the held cancellations were meant"


IN_SHOP = frozenset({
    Deed.SHIP, Deed.COMPLETE, Deed.ADD_CODE, Deed.CANCEL_IN_SHOP, Deed.REOPEN, Deed.TRASH, Deed.DELETE, Deed.CHANGE_PIECES,
})  # fmt: skip


class Trouble(StrEnum):
    """What breaks."""

    NEVER = "no answer, and not done"
    AFTER = "done, and the answer is lost"
    RESET = "the connection breaks, and it is not done"
    REFUSED = "nothing listens"
    LATE = "done, and answered after the time was up"
    LATE_ARRIVAL = "it arrives after the hub gave it up"
    STATUS = "a server error, not done"
    STATUS_AFTER = "done, and a server error"
    RATE_LIMITED = "asked to slow down, with a time"
    RATE_LIMITED_BARE = "asked to slow down, without a time"
    GARBAGE = "done, and garbage comes back"
    TRUNCATED = "done, and half an answer comes back"
    HTML = "a web page with status 200, not done"
    HTML_AFTER = "done, and a web page with status 200"
    REPEATED_ROWS = "pages repeat each other's last row"
    SHIFTING_PAGES = "a list moves between two of its pages"
    LATE_VISIBILITY = "new orders are listed late"
    SKEW = "the hub's clock is off"
    TOKENS_END = "all tokens end"
    OUTAGE = "the side is down"
    STORE_REFUSES = "the store refuses to write"
    DEATH_IN_STATEMENT = "the hub dies between two statements"
    DEATH_BEFORE_STORE = "the hub dies before it goes to the store"
    DEATH_AFTER_STORE = "the hub dies after the store committed"
    DEATH_AT_ANSWER = "the hub dies while an answer is on its way"
    FREEZE_BEFORE_STORE = "the hub freezes before it goes to the store, and another takes over"
    FREEZE_AFTER_STORE = "the hub freezes after the store committed, and another takes over"
    DEATH_BEFORE_SEND = "the hub dies between begin and send"
    FREEZE_BEFORE_SEND = "the hub freezes between begin and send, and another takes over"
    FREEZE_AT_ANSWER = "the hub freezes at an answer, and another takes over"


MARKETPLACE, SHOP, HUB = "marketplace", "shop", "hub"
ON_THE_WIRE = (
    Trouble.NEVER, Trouble.AFTER, Trouble.RESET, Trouble.REFUSED, Trouble.LATE, Trouble.LATE_ARRIVAL, Trouble.STATUS,
    Trouble.STATUS_AFTER, Trouble.RATE_LIMITED, Trouble.RATE_LIMITED_BARE, Trouble.GARBAGE, Trouble.TRUNCATED, Trouble.HTML,
    Trouble.HTML_AFTER,
)  # fmt: skip
_IN_LISTS = (Trouble.REPEATED_ROWS, Trouble.SHIFTING_PAGES, Trouble.LATE_VISIBILITY)
_OF_THE_HUB = (
    Trouble.SKEW, Trouble.STORE_REFUSES, Trouble.DEATH_IN_STATEMENT, Trouble.DEATH_BEFORE_STORE, Trouble.DEATH_AFTER_STORE,
    Trouble.DEATH_AT_ANSWER, Trouble.FREEZE_BEFORE_STORE, Trouble.FREEZE_AFTER_STORE, Trouble.FREEZE_AT_ANSWER,
    Trouble.DEATH_BEFORE_SEND, Trouble.FREEZE_BEFORE_SEND,
)  # fmt: skip

_FREEZES = (
    Trouble.FREEZE_BEFORE_STORE, Trouble.FREEZE_AFTER_STORE, Trouble.FREEZE_BEFORE_SEND, Trouble.FREEZE_AT_ANSWER,
)  # fmt: skip
_LONG_ENOUGH = 6.0  # minutes: another takes over, and hears both sides
_BEFORE_SEND = (Trouble.DEATH_BEFORE_SEND, Trouble.FREEZE_BEFORE_SEND)


@dataclass(frozen=True, slots=True)
class Happening:
    """`order` counts the sales from 0; `-1`: it concerns none. `lasts` in minutes, where the deed takes time."""

    at: float  # minutes since the start
    deed: Deed
    order: int = -1
    code: str = ""
    carrier: Carrier | None = None  # of the code; None: nobody can tell from it
    carrier_word: str = ""  # what the shop calls the carrier
    pieces: int = 1
    lines: int = 1
    kind: str = ""  # of a sale: "", by_marketplace, not_for_sale, needs_acceptance, own_label
    lasts: float = 0.0


@dataclass(frozen=True, slots=True)
class Fault:
    at: float
    trouble: Trouble
    side: str
    tells: bool = False  # on the wire: spoils a telling, not a question
    nth: int = 1  # the how many'th time that its moment comes
    times: int = 1
    lasts: float = 0.0  # minutes
    amount: float = 0.0  # seconds: of a delay, a wish to slow down, a clock that is off


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    pair: Pair
    minutes: float
    wait_minutes: float
    happenings: tuple[Happening, ...]
    faults: tuple[Fault, ...]
    is_bulk: bool = False  # more than a page of orders at once
    lists_whole_orders: bool = False
    answers_at_once: bool = False  # the marketplace says at once what became of a telling (references only)


def plan_of(seed: int) -> Plan:
    """The same plan for the same seed, on every machine."""
    chance = random.Random(seed)
    pair = Pair.REFERENCES if seed % 5 == 4 else Pair.REAL
    is_long, is_bulk = seed % 20 == 7, seed % 25 == 3
    minutes = 60.0 * (54 if is_long else chance.uniform(2, 12))
    orders = chance.randint(52, 60) if is_bulk else chance.randint(2, 7)
    wait = chance.choice((20.0, 60.0, 180.0))
    sold_within = min(minutes * 0.6, 8 * 60.0)
    happenings: list[Happening] = []
    for number in range(orders):
        at = chance.uniform(5, 8) if is_bulk else chance.uniform(0, sold_within)
        happenings += _story(chance, pair, number, at, wait, plain=is_bulk and number > 5)
    happenings += _visits(chance, minutes, orders)
    faults = _faults(chance, minutes, is_bulk, [one.at for one in happenings if one.deed in IN_SHOP])
    if is_long:
        side = chance.choice((MARKETPLACE, SHOP))
        faults.append(Fault(chance.uniform(30, 200), Trouble.OUTAGE, side, lasts=48 * 60.0))
    return Plan(
        seed,
        pair,
        minutes,
        wait,
        tuple(sorted(happenings, key=lambda one: one.at)),
        tuple(sorted(faults, key=lambda one: one.at)),
        is_bulk,
        lists_whole_orders=chance.random() < 0.5,
        answers_at_once=chance.random() < 0.3,
    )


_COURSES: Sequence[tuple[int, tuple[Deed, ...]]] = (
    # how many of a hundred orders, and what is done with them, one after the other
    (22, (Deed.SHIP,)),
    (8, (Deed.COMPLETE,)),
    (8, (Deed.COMPLETE, Deed.ADD_CODE)),
    (4, (Deed.ADD_CODE, Deed.COMPLETE)),
    (5, (Deed.CANCEL_IN_SHOP,)),
    (3, (Deed.CANCEL_IN_SHOP, Deed.REOPEN, Deed.SHIP)),
    (3, (Deed.SHIP, Deed.REOPEN, Deed.SHIP)),
    (3, (Deed.COMPLETE, Deed.REOPEN, Deed.SHIP)),
    (2, (Deed.SHIP, Deed.CANCEL_IN_SHOP)),
    (2, (Deed.COMPLETE, Deed.CANCEL_IN_SHOP)),
    (2, (Deed.TRASH, Deed.RETRY, Deed.PLACE_AGAIN, Deed.SHIP)),
    (1, (Deed.DELETE, Deed.PLACE_AGAIN, Deed.SHIP)),
    (2, (Deed.TRASH, Deed.REOPEN, Deed.SHIP)),
    (2, (Deed.CHANGE_PIECES, Deed.SHIP)),
    (4, (Deed.CANCEL_THERE,)),
    (2, (Deed.SHIP, Deed.CANCEL_THERE)),
    (2, (Deed.COMPLETE, Deed.CANCEL_THERE)),
    (6, (Deed.SHIP, Deed.REVERSE_THERE)),
    (3, (Deed.SHIP_THERE,)),
    (2, (Deed.COMPLETE, Deed.SHIP_THERE)),
    (2, (Deed.CANCEL_IN_SHOP, Deed.SHIP_THERE)),
    (2, (Deed.SHIP_PART_THERE, Deed.SHIP, Deed.SHIP_THERE)),
    (2, (Deed.COMPLETE, Deed.SHIP_PART_THERE, Deed.ASK, Deed.WITHDRAW, Deed.REOPEN, Deed.CANCEL_THERE)),
    (3, (Deed.ASK, Deed.CANCEL_HERE)),
    (2, (Deed.ASK, Deed.REFUSE, Deed.SHIP)),
    (2, (Deed.ASK, Deed.WITHDRAW, Deed.SHIP)),
    (2, (Deed.ASK, Deed.CANCEL_IN_SHOP)),
    (2, (Deed.ASK, Deed.COMPLETE, Deed.WITHDRAW)),
    (2, (Deed.ASK, Deed.SHIP_THERE)),
    (2, (Deed.TAKE_OVER, Deed.SHIP, Deed.GIVE_BACK)),
    (2, (Deed.SHIP, Deed.TAKE_OVER, Deed.GIVE_BACK)),
    (2, (Deed.CANCEL_HERE,)),
    (1, ()),
    # what happens while a connection stands still, and what few people do
    (2, (Deed.PAUSE, Deed.ASK, Deed.CANCEL_HERE, Deed.WITHDRAW)),
    (2, (Deed.ASK, Deed.PAUSE, Deed.CANCEL_HERE, Deed.WITHDRAW)),
    (2, (Deed.PAUSE, Deed.CANCEL_HERE, Deed.SHIP_PART_THERE, Deed.SHIP_THERE)),
    (2, (Deed.PAUSE, Deed.CANCEL_HERE, Deed.SHIP_THERE)),
    (1, (Deed.PAUSE, Deed.CANCEL_THERE)),
    (1, (Deed.PAUSE, Deed.SHIP_THERE)),
    (2, (Deed.SHIP, Deed.SHIP_PART_THERE)),
    (2, (Deed.SHIP_PART_THERE, Deed.CANCEL_IN_SHOP)),
    (2, (Deed.SHIP_PART_THERE, Deed.ADD_CODE, Deed.COMPLETE, Deed.REOPEN)),
    (2, (Deed.CHANGE_PIECES, Deed.SHIP, Deed.REOPEN)),
    (2, (Deed.CHANGE_PIECES, Deed.ASK, Deed.SHIP, Deed.REOPEN)),
    (5, (Deed.SHIP, Deed.TAKE_OVER, Deed.REVERSE_THERE)),
    (2, (Deed.ASK, Deed.TAKE_OVER, Deed.WITHDRAW)),
    (2, (Deed.CANCEL_IN_SHOP, Deed.ADD_CODE, Deed.COMPLETE, Deed.REOPEN)),
)  # fmt: skip
_UNTELLABLE = 0.08  # of the codes
_ANY_SHOP_DEED = (
    Deed.SHIP, Deed.COMPLETE, Deed.ADD_CODE, Deed.CANCEL_IN_SHOP, Deed.REOPEN, Deed.ASK, Deed.WITHDRAW, Deed.CANCEL_THERE,
    Deed.SHIP_THERE, Deed.SHIP_PART_THERE, Deed.TAKE_OVER, Deed.GIVE_BACK, Deed.CANCEL_HERE, Deed.REFUSE, Deed.RETRY,
)  # fmt: skip


def _story(chance: random.Random, pair: Pair, number: int, at: float, wait: float, *, plain: bool) -> list[Happening]:
    """A sale and what is done with it. One in six is done with at random, to reach what no course foresees."""
    kind = chance.choices(
        ("", "by_marketplace", "not_for_sale", "needs_acceptance", "own_label"),
        (90, 3, 2, 25 if pair is Pair.REFERENCES else 0, 2),
    )[0]
    pieces, lines = chance.choice((1, 1, 2, 3)), chance.choice((1, 1, 2))
    told = [Happening(at, Deed.SELL, number, pieces=pieces, lines=lines, kind="" if plain else kind)]
    deeds: tuple[Deed, ...] = (Deed.SHIP,)
    if not plain:
        deeds = chance.choices([course for _, course in _COURSES], [share for share, _ in _COURSES])[0]
        if chance.random() < 0.16:
            deeds = tuple(chance.choice(_ANY_SHOP_DEED) for _ in range(chance.randint(2, 6)))
    for deed in deeds:
        at += chance.choice(
            (chance.uniform(0.1, 3), chance.uniform(3, 15), chance.uniform(10, 90), chance.uniform(0, 1.3 * wait))
        )
        told.append(_done(chance, at, deed, number))
    return told


def _untellable_code(chance: random.Random) -> str:
    """Of fourteen characters behind which several carriers may stand: a person has to say whose it is."""
    return f"3SHLT{chance.choice('ABCDEFGH')}{chance.randrange(10**7, 10**8)}"


def _done(chance: random.Random, at: float, deed: Deed, number: int) -> Happening:
    code, lasts = make_code(chance), chance.uniform(2, 40)
    if chance.random() < _UNTELLABLE:
        return Happening(at, deed, number, code=_untellable_code(chance), lasts=lasts)
    return Happening(
        at, deed, number, code=code.text, carrier=code.carrier, carrier_word=code.carrier_word, lasts=lasts
    )


def _visits(chance: random.Random, minutes: float, orders: int) -> list[Happening]:
    """People who come by at the hub."""
    found = []
    for _ in range(chance.randint(0, 4)):
        deed = chance.choice((Deed.POLL, Deed.RETRY, Deed.RETRY, Deed.PAUSE, Deed.RELEASE))
        order = chance.randrange(orders) if deed is Deed.RETRY else -1
        found.append(Happening(chance.uniform(0, minutes), deed, order, lasts=chance.uniform(2, 40)))
    return found


def _faults(chance: random.Random, minutes: float, is_bulk: bool, deeds: Sequence[float]) -> list[Fault]:
    """Half of what happens to the hub itself happens just before somebody does something in the shop."""
    if chance.random() < 0.06:
        return []  # a quiet day: what goes wrong then is nobody else's fault
    faults = []
    for _ in range(chance.randint(1, 14)):
        lists = 2 + 3 * is_bulk
        groups = (ON_THE_WIRE, _IN_LISTS, _OF_THE_HUB, (Trouble.TOKENS_END,), (Trouble.OUTAGE,))
        trouble = chance.choice(chance.choices(groups, (8, lists, 8, 1, 1))[0])
        side = HUB if trouble in _OF_THE_HUB else chance.choice((MARKETPLACE, SHOP))
        seconds = chance.choice((chance.uniform(1, 25), chance.uniform(31, 75)))
        at = chance.uniform(0, minutes)
        lasts = chance.choice((chance.uniform(1, 20), chance.uniform(20, 120)))
        if side == HUB and deeds and chance.random() < 0.5:
            at = max(chance.choice(deeds) - chance.uniform(0.1, 5), 0)
        faults.append(
            Fault(
                at,
                trouble,
                MARKETPLACE if trouble in _IN_LISTS else side,
                tells=chance.random() < 0.6,
                nth=chance.choice((1, 2))
                if trouble in _BEFORE_SEND
                else chance.choice((1, 2, 3, chance.randint(1, 40))),
                times=chance.choice((1, 1, 1, 2, 4)),
                lasts=max(lasts, _LONG_ENOUGH) if trouble in _FREEZES else lasts,
                amount=-seconds if trouble is Trouble.SKEW and chance.random() < 0.5 else seconds,
            )
        )
    return faults
