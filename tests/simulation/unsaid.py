"""What a person has to be told: a Problem that is missing is as wrong as one without a cause."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orderhaven.core.problems import ProblemKind
from orderhaven.store.models import MessageKind
from tests.simulation.case import AWAY, CANCELLED, COMPLETED, OPEN, Case
from tests.simulation.plan import Deed

_ON_ITS_WAY_S = 300.0  # what was sent before, late


@dataclass(frozen=True, slots=True)
class Must:
    """`if_so`: how the two sides stand, and what was done. One of `kinds` must have been raised then, at some time."""

    what: str
    if_so: Callable[[Case], bool]
    kinds: tuple[ProblemKind, ...]


def nothing_is_kept_from_people(case: Case) -> Iterator[str]:
    if case.order is None or case.diary.did(Deed.TAKE_OVER) or case.diary.kind == "by_marketplace":
        return  # whoever has an order in hand is told nothing more about it
    raised = {called.kind for called in case.called}
    for must in _MUSTS:
        if must.if_so(case) and not raised & set(must.kinds):
            yield f"{must.what}, and nobody was told"


def _cancelled_there_and_completed(case: Case) -> bool:
    return case.is_cancelled_there and case.stands(COMPLETED) and not case.shipments


def _reversed(case: Case) -> bool:
    return bool(case.shipments) and case.diary.did(Deed.REVERSE_THERE)


def _cancelled_in_shop_after_it_was_shipped(case: Case) -> bool:
    return case.stands(CANCELLED) and bool(case.shipments) and not case.is_cancelled_there


def _reopened_after_it_was_shipped(case: Case) -> bool:
    return case.stands(OPEN) and bool(case.shipments) and not case.is_cancelled_there and case.diary.did(Deed.REOPEN)


def _number_after_an_untracked_shipment(case: Case) -> bool:
    bare = [case.run.seconds(one.at) for one in case.shipments if not one.tracking_number and not one.label_number]
    codes = [noted.at for noted in case.diary.codes]
    return bool(bare) and bool(codes) and case.stands(COMPLETED) and min(codes) > min(bare)


def _number_after_an_untracked_shipment_unsaid(case: Case) -> bool:
    """Where its correction failed, that was said."""
    tried = any(called.message == MessageKind.CORRECT for called in case.called)
    return _number_after_an_untracked_shipment(case) and not tried


def _other_number_than_was_confirmed(case: Case) -> bool:
    """By what the shop shows last. Some shops keep the first number beside the second."""
    sent = [one.tracking_number for one in case.shipments if one.tracking_number]
    changed = not case.run.sides.shop.keeps_numbers and case.diary.last(Deed.ADD_CODE, Deed.SHIP) > case.diary.last(
        Deed.SCRIBBLE
    )
    return changed and bool(sent) and case.stands(COMPLETED) and case.diary.codes[-1].code not in sent


def _thrown_away(case: Case) -> bool:
    return case.is_open_there and case.stands(AWAY) and len(case.in_shop) == 1


def _not_for_sale(case: Case) -> bool:
    meanwhile = (Deed.ASK, Deed.CANCEL_HERE, Deed.CANCEL_THERE, Deed.SHIP_THERE, Deed.SHIP_PART_THERE)
    return case.diary.kind == "not_for_sale" and not case.is_older and not case.diary.did(*meanwhile)


def _has_text_where_a_number_belongs(case: Case) -> bool:
    texts = case.diary.scribbles[-1:] == case.diary.texts_for_a_number[-1:] != []
    is_last = case.diary.last(Deed.SCRIBBLE) > case.diary.last(Deed.SHIP, Deed.ADD_CODE)
    stands = case.stands(OPEN | COMPLETED) and not case.is_cancelled_there and not case.diary.did(Deed.CANCEL_IN_SHOP)
    return texts and is_last and stands


def _confirmed_with_another_article(case: Case) -> bool:
    swapped = case.diary.first(Deed.SWAP)
    after = [
        one for one in case.shipments if swapped is not None and case.run.seconds(one.at) > swapped + _ON_ITS_WAY_S
    ]
    return (
        bool(after) and case.diary.last(Deed.SHIP, Deed.COMPLETE) > (swapped or 0.0) and not case.diary.did(Deed.REOPEN)
    )


_GONE_THERE = (
    ProblemKind.STOP_THE_PARCEL, ProblemKind.PARCEL_MAY_HAVE_LEFT, ProblemKind.MARKETPLACE_CANCELLED_LATE,
    ProblemKind.REOPENED_AFTER_CANCELLING,
)  # fmt: skip
# a person has its confirmation already
_STANDS_STILL = (ProblemKind.UNKNOWN_CARRIER, ProblemKind.OUTCOME_UNKNOWN, ProblemKind.REJECTED)
_MUSTS = (
    Must("it is cancelled at the marketplace and completed in the shop", _cancelled_there_and_completed, _GONE_THERE),
    Must(
        "its shipment was taken back at the marketplace",
        _reversed,
        (*_GONE_THERE, ProblemKind.SHIPPED_THOUGH_CANCELLED),
    ),
    Must(
        "it was cancelled in the shop after it was shipped",
        _cancelled_in_shop_after_it_was_shipped,
        (ProblemKind.SHOP_CANCELLED_LATE,),
    ),
    Must(
        "it was reopened in the shop after it was shipped",
        _reopened_after_it_was_shipped,
        (ProblemKind.REOPENED_AFTER_SHIPPING,),
    ),
    Must(
        "a code came after it was confirmed without one",
        _number_after_an_untracked_shipment_unsaid,
        (ProblemKind.LATE_TRACKING,),
    ),
    Must(
        "its number changed after it was confirmed with another",
        _other_number_than_was_confirmed,
        (ProblemKind.LATE_TRACKING, *_STANDS_STILL),
    ),
    # once it is shipped its shop order has said what it had to say
    Must("its shop order is in the trash", _thrown_away, (ProblemKind.SHOP_ORDER_GONE, *_STANDS_STILL)),
    Must(
        "something else stands where its code belongs",
        _has_text_where_a_number_belongs,
        (ProblemKind.TRACKING_UNREADABLE,),
    ),
    Must(
        "it was confirmed although another article lies in the parcel",
        _confirmed_with_another_article,
        (ProblemKind.QUANTITIES_DIFFER,),
    ),
    Must("its product is not in the shop", _not_for_sale, (ProblemKind.UNKNOWN_PRODUCT,)),
)
