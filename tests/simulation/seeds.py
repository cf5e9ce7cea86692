"""From a seed to its plan: who orders what and when, what people do with it, and what breaks."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from orderhaven.demo.codes import make_code
from orderhaven.ports.connector import Capability
from orderhaven.testing.pairs import REFERENCES, Pair
from tests.pairs import CONNECTORS
from tests.simulation.plan import (
    HUB,
    IN_LISTS,
    IN_SHOP,
    MARKETPLACE,
    MONDAY,
    NOTHING_MEANT,
    OF_THE_HUB,
    ON_THE_WIRE,
    PROCESSES,
    SHOP,
    Deed,
    Fault,
    Happening,
    Plan,
    Trouble,
)  # fmt: skip

_FREEZES = (
    Trouble.FREEZE_BEFORE_STORE, Trouble.FREEZE_AFTER_STORE, Trouble.FREEZE_BEFORE_SEND, Trouble.FREEZE_AT_ANSWER,
)  # fmt: skip
_LONG_ENOUGH = 6.0  # minutes: another takes over, and pulls both sides
_STARTS = (
    MONDAY, MONDAY, MONDAY,
    datetime(2026, 3, 28, 20, tzinfo=UTC),  # the clocks go forward in the night
    datetime(2026, 10, 24, 20, tzinfo=UTC),  # and back
    datetime(2026, 12, 31, 18, tzinfo=UTC),
    datetime(2028, 2, 28, 18, tzinfo=UTC),
)  # fmt: skip
_NOT_YET: frozenset[Trouble] = frozenset()
_BEFORE_SEND = (Trouble.DEATH_BEFORE_SEND, Trouble.FREEZE_BEFORE_SEND)
_MORE_THAN_A_PAGE = 108  # of what a shop lists
# what people write where a code belongs
SCRIBBLES = (*NOTHING_MEANT, "afgehaald", "0612340055", "via de buren", "zie mail", "1")


def pair_of(seed: int) -> Pair:
    """The references reach what others have no ability for: every fifth seed is theirs."""
    return REFERENCES if seed % 5 == 4 else CONNECTORS


def plan_of(seed: int, pair: Pair | None = None) -> Plan:
    """The same plan for the same seed and pair, on every machine."""
    chance = random.Random(seed)
    pair = pair or pair_of(seed)
    is_long, is_bulk, is_huge, drips = seed % 20 == 7, seed % 25 == 3, seed % 100 == 51, seed % 25 == 11
    minutes = 60.0 * (54 if is_long else chance.uniform(2, 12))
    wait = chance.choice((20.0, 60.0, 180.0))
    if is_huge:
        happenings = _more_than_a_page(chance)
    elif drips:
        happenings = _cancelled_in_drips(chance, minutes)
    else:
        happenings = _trade(chance, pair, minutes, wait, is_bulk=is_bulk)
    faults = [] if drips else _faults(chance, pair, minutes, is_bulk or is_huge, happenings)
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
        is_bulk or is_huge,
        lists_whole_orders=chance.random() < 0.5,
        answers_at_once=chance.random() < 0.3,
        start=chance.choice(_STARTS),
        neighbour=_neighbour(chance, minutes) if pair == REFERENCES and chance.random() < 0.6 else (),
        from_minutes=0.0 if is_bulk or is_huge or drips or chance.random() < 0.9 else chance.uniform(5, minutes * 0.15),
        people_kept_hours=chance.uniform(1, 6) if chance.random() < 0.15 else 720.0,
    )


def _trade(chance: random.Random, pair: Pair, minutes: float, wait: float, *, is_bulk: bool) -> list[Happening]:
    orders = chance.randint(52, 60) if is_bulk else chance.randint(2, 7)
    sold_within = min(minutes * 0.6, 8 * 60.0)
    happenings: list[Happening] = []
    for number in range(orders):
        at = chance.uniform(5, 8) if is_bulk else chance.uniform(0, sold_within)
        happenings += _story(chance, pair, number, at, wait, plain=is_bulk and number > 5)
    return happenings + _visits(chance, minutes, orders)


def _neighbour(chance: random.Random, minutes: float) -> tuple[Happening, ...]:
    moments = sorted(chance.uniform(0, minutes) for _ in range(chance.randint(2, 6)))
    return tuple(Happening(at, Deed.SELL, place, pieces=chance.randint(1, 3)) for place, at in enumerate(moments))


def _more_than_a_page(chance: random.Random) -> list[Happening]:
    """All are completed while the shop's connection is paused: then they are pulled at once."""
    found = [Happening(60.0, Deed.PAUSE_SHOP, lasts=20.0)]
    for number in range(_MORE_THAN_A_PAGE):
        at = chance.uniform(2, 6)
        found += [Happening(at, Deed.SELL, number), _done(chance, 62 + at, Deed.SHIP, number)]
    return found


def _cancelled_in_drips(chance: random.Random, minutes: float) -> list[Happening]:
    """More within an hour than are sent without a word, a few at each pull."""
    orders = chance.randint(8, 10)
    found = [Happening(chance.uniform(0, 20), Deed.SELL, number) for number in range(orders)]
    found += [
        _done(chance, 30 + number * chance.uniform(3, 4.5), Deed.CANCEL_IN_SHOP, number) for number in range(orders)
    ]
    if chance.random() < 0.5:
        found.append(Happening(chance.uniform(90, minutes), Deed.RELEASE))
    return found


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
    (2, (Deed.CHANGE_QUANTITY, Deed.SHIP)),
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
    (2, (Deed.CHANGE_QUANTITY, Deed.SHIP, Deed.REOPEN)),
    (2, (Deed.CHANGE_QUANTITY, Deed.ASK, Deed.SHIP, Deed.REOPEN)),
    (5, (Deed.SHIP, Deed.TAKE_OVER, Deed.REVERSE_THERE, Deed.REOPEN)),
    (2, (Deed.ASK, Deed.TAKE_OVER, Deed.WITHDRAW)),
    (2, (Deed.CANCEL_IN_SHOP, Deed.ADD_CODE, Deed.COMPLETE, Deed.REOPEN)),
    # one side is pulled and the other is not
    (2, (Deed.PAUSE_MARKETPLACE, Deed.SHIP, Deed.REOPEN, Deed.SHIP)),
    (2, (Deed.COMPLETE, Deed.PAUSE_SHOP, Deed.REOPEN, Deed.SHIP)),
    (1, (Deed.PAUSE_MARKETPLACE, Deed.CANCEL_IN_SHOP, Deed.REOPEN)),
    # a parcel that nobody wants any more
    (3, (Deed.CANCEL_THERE, Deed.SHIP)),
    (2, (Deed.CANCEL_IN_SHOP, Deed.COMPLETE)),
    # what stands in the shop order besides
    (2, (Deed.SCRIBBLE, Deed.COMPLETE)),
    (2, (Deed.COMPLETE, Deed.SCRIBBLE, Deed.ADD_CODE)),
    (2, (Deed.ADD_GIFT, Deed.SHIP)),
    (1, (Deed.ADD_LINE, Deed.SHIP)),
    (2, (Deed.SWAP, Deed.SHIP)),
)  # fmt: skip
# what a buyer wishes before the marketplace has had its yes
_BEFORE_ITS_YES: Sequence[tuple[Deed, ...]] = (
    (Deed.ASK, Deed.REFUSE, Deed.SHIP),
    (Deed.ASK, Deed.WITHDRAW, Deed.SHIP),
    (Deed.ASK, Deed.TAKE_OVER, Deed.GIVE_BACK, Deed.WITHDRAW),
    (Deed.ASK, Deed.CANCEL_HERE),
)
_ASKS_BEFORE_ITS_YES = 0.5  # of the orders that need one
_UNTELLABLE = 0.08  # of the codes
_ANY_SHOP_DEED = (
    Deed.SHIP, Deed.COMPLETE, Deed.ADD_CODE, Deed.CANCEL_IN_SHOP, Deed.REOPEN, Deed.ASK, Deed.WITHDRAW, Deed.CANCEL_THERE,
    Deed.SHIP_THERE, Deed.SHIP_PART_THERE, Deed.TAKE_OVER, Deed.GIVE_BACK, Deed.CANCEL_HERE, Deed.REFUSE, Deed.RETRY,
)  # fmt: skip


def _story(chance: random.Random, pair: Pair, number: int, at: float, wait: float, *, plain: bool) -> list[Happening]:
    """A sale and what is done with it. One in six is done with at random, to reach what no course foresees."""
    there = pair.marketplace_spec.capabilities
    kind = chance.choices(
        ("", "by_marketplace", "not_for_sale", "needs_acceptance", "own_label"),
        (
            90,
            3 if Capability.FULFILMENT in there else 0,
            2,
            25 if Capability.ACCEPT in there else 0,
            2 if Capability.OWN_LABEL in there else 0,
        ),
    )[0]
    pieces, lines = chance.choice((1, 1, 2, 3)), chance.choice((1, 1, 2))
    told = [Happening(at, Deed.SELL, number, pieces=pieces, lines=lines, kind="" if plain else kind)]
    deeds: tuple[Deed, ...] = (Deed.SHIP,)
    if not plain:
        deeds = chance.choices([course for _, course in _COURSES], [share for share, _ in _COURSES])[0]
        if chance.random() < 0.16:
            deeds = tuple(chance.choice(_ANY_SHOP_DEED) for _ in range(chance.randint(2, 6)))
    if kind == "needs_acceptance" and not plain and chance.random() < _ASKS_BEFORE_ITS_YES:
        deeds = chance.choice(_BEFORE_ITS_YES)
        at += chance.uniform(0.05, 2)  # the hub has not heard of it yet
        told.append(_done(chance, at, deeds[0], number))
        deeds = deeds[1:]
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
    if deed is Deed.SCRIBBLE:
        return Happening(at, deed, number, code=chance.choice(SCRIBBLES), lasts=lasts)
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


def _faults(
    chance: random.Random, pair: Pair, minutes: float, is_bulk: bool, happenings: Sequence[Happening]
) -> list[Fault]:
    if chance.random() < 0.08:
        return []  # a quiet day: what goes wrong then is nobody else's fault
    deeds = [one.at for one in happenings if one.deed in IN_SHOP]
    faults: list[Fault] = []
    for _ in range(chance.randint(1, 14)):
        faults += _fault(chance, pair, minutes, is_bulk, deeds)
    return faults


def _fault(chance: random.Random, pair: Pair, minutes: float, is_bulk: bool, deeds: Sequence[float]) -> list[Fault]:
    """Half of what happens to the hub itself happens just before somebody does something in the shop."""
    groups = (
        ON_THE_WIRE, IN_LISTS, OF_THE_HUB, (Trouble.TOKENS_END,), (Trouble.OUTAGE,), PROCESSES,
        (Trouble.READING, Trouble.BENT_ROW, Trouble.OTHER_PROFILE), (Trouble.SLOW, Trouble.REFUSES_ALL),
    )  # fmt: skip
    weights = (8, 2 + 3 * is_bulk, 8, 1, 1, 2, 2, 2)
    trouble = chance.choice([one for one in chance.choices(groups, weights)[0] if one not in _NOT_YET])
    side = HUB if trouble in OF_THE_HUB else chance.choice((MARKETPLACE, SHOP))
    seconds = chance.choice((chance.uniform(1, 25), chance.uniform(31, 75)))
    at = chance.uniform(0, minutes)
    lasts = chance.choice((chance.uniform(1, 20), chance.uniform(20, 120)))
    if side == HUB and deeds and chance.random() < 0.5:
        at = max(chance.choice(deeds) - chance.uniform(0.1, 5), 0)
    fault = Fault(
        at,
        trouble,
        _ALWAYS_OF.get(trouble, side),
        is_command=chance.random() < 0.6,
        nth=chance.choice((1, 2)) if trouble in _BEFORE_SEND else chance.choice((1, 2, 3, chance.randint(1, 40))),
        times=chance.choice((1, 1, 1, 2, 4)),
        lasts=max(lasts, _LONG_ENOUGH) if trouble in _FREEZES else lasts,
        amount=-seconds if trouble is Trouble.SKEW and chance.random() < 0.5 else seconds,
    )
    return _worse(chance, fault)


_ALWAYS_OF = {
    **dict.fromkeys((*IN_LISTS, *PROCESSES, Trouble.READING), MARKETPLACE),
    **dict.fromkeys((Trouble.OTHER_PROFILE, Trouble.REFUSES_ALL), SHOP),
}


def _worse(chance: random.Random, fault: Fault) -> list[Fault]:
    """A side that is slow is a good moment to kill the hub; a clock that jumps does so by hours, for a moment.

    What arrives late does so when the hub has looked for it already, and mostly not alone.
    """
    match fault.trouble:
        case Trouble.SLOW:
            dies = [
                Fault(fault.at + chance.uniform(0, fault.lasts), Trouble.DEATH_AT_ANSWER, HUB, nth=chance.randint(1, 9))
                for _ in range(chance.randint(0, 3))
            ]
            return [replace(fault, amount=chance.uniform(2, 18)), *dies]
        case Trouble.LATE_ARRIVAL:
            moments = [fault.at, *(fault.at * chance.random() for _ in range(2))]
            return [replace(fault, at=at, amount=chance.uniform(20, 85)) for at in moments]
        case Trouble.REFUSES_ALL:
            return [replace(fault, lasts=chance.uniform(60, 240))]
        case Trouble.CLOCK_JUMPS:
            hours = chance.choice((-30.0, -3.0, -1.0, 1.0, 3.0, 30.0))
            return [replace(fault, amount=3600 * hours, lasts=chance.uniform(0.3, 3))]
        case Trouble.DEATH_TAKING_IN:
            return [replace(fault, nth=chance.randint(1, 14))]
    return [fault]
