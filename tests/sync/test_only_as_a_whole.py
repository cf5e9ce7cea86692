"""A marketplace that takes less than others: what it cannot be asked for becomes a Problem that says so, and whole orders go on."""

from collections.abc import Collection, Iterator
from dataclasses import replace

import pytest

from orderhaven.actions import orders as actions
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.ports.connector import Capability, ConnectorSpec, Side
from orderhaven.store.models import Message, MessageKind, Order, Problem
from orderhaven.store.outbox import commands, queue, result
from orderhaven.store.outbox.payloads import CancelPayload, ConfirmPayload, Payload
from orderhaven.testing.goods import many_articles
from tests.journeys.conftest import LAMP, MUG, POSTNL_CODE, start_trade
from tests.sync.conftest import Shift
from tests.sync.seams import MARKETPLACE, SHOP


def lacking(capabilities: Collection[Capability], **limits: int) -> ConnectorSpec:
    return replace(
        MARKETPLACE,
        capabilities=MARKETPLACE.capabilities - frozenset(capabilities),
        limits=replace(MARKETPLACE.limits, **limits),
    )


@pytest.fixture
def trade(request: pytest.FixtureRequest, store: None) -> Iterator[Shift]:
    """With a marketplace that lacks what the test is marked with."""
    lacks: frozenset[Capability] = frozenset(request.param)
    started = start_trade(lacking(lacks, lines_per_confirmation=2, lines_per_cancellation=2), SHOP)
    started.__class__ = Shift
    started.marketplace.lacks = lacks
    started.passes(seconds=10)
    yield started  # type: ignore[misc]
    started.close()


def without(*capabilities: Capability) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("trade", [capabilities], indirect=True, ids=["-".join(capabilities)])


def of_three_lines(trade: Shift) -> str:
    articles = many_articles(3)
    trade.shop.stock(articles, 10)
    ref = trade.sells(*((article, 1) for article in articles))
    trade.passes(minutes=6)
    return ref


def said(ref: str) -> tuple[str, str]:
    """The kind of its one open Problem, and whom that names."""
    problem = Problem.objects.get(order__ref=ref, resolved_at=None)
    return problem.kind, problem.values["side"]


@without(Capability.SHIP_PARTS)
def test_an_order_that_would_have_to_be_confirmed_in_parts_is_a_problem_and_is_not_confirmed(trade: Shift) -> None:
    ref = of_three_lines(trade)

    trade.shop.complete(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=20)

    assert said(ref) == (ProblemKind.ONLY_WHOLE_SHIPMENTS, trade.connection(Side.MARKETPLACE).name)
    assert trade.told(trade.marketplace, "/shipments") == 0


@without(Capability.SHIP_PARTS, Capability.CANCEL_LINES, Capability.CANCEL_QUANTITY)
def test_an_order_that_goes_as_a_whole_is_confirmed(trade: Shift) -> None:
    ref = trade.completed()

    trade.passes(minutes=20)

    assert [one.tracking_number for one in trade.confirmed(ref)] == [POSTNL_CODE]
    assert trade.problems(ref) == []


@without(Capability.CANCEL_LINES)
def test_an_order_that_would_have_to_be_cancelled_in_parts_is_a_problem_and_stays(trade: Shift) -> None:
    ref = of_three_lines(trade)

    trade.shop.cancel(trade.shop_ref(ref))
    trade.passes(minutes=20)

    assert said(ref) == (ProblemKind.ONLY_WHOLE_CANCELLATIONS, trade.connection(Side.MARKETPLACE).name)
    assert trade.told(trade.marketplace, "/cancellations") == 0


@without(Capability.CANCEL_LINES, Capability.CANCEL_QUANTITY)
def test_an_order_that_is_cancelled_as_a_whole_is(trade: Shift) -> None:
    ref = trade.sells((MUG, 2), (LAMP, 1))
    trade.passes(minutes=6)

    trade.shop.cancel(trade.shop_ref(ref))
    trade.passes(minutes=20)

    assert trade.marketplace.cancelled() == {ref}
    assert (trade.order(ref).status, trade.problems(ref)) == (Status.CANCELLED, [])


@without(Capability.SHIP_UNTRACKED)
def test_an_order_without_a_number_is_a_problem_when_its_wait_is_over_and_goes_once_it_has_one(trade: Shift) -> None:
    ref = trade.placed()
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(hours=4)
    seen = (*said(ref), trade.confirmed(ref))

    trade.shop.add_tracking(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=6)
    actions.retry(trade.context, ref)
    trade.passes(minutes=20)

    assert seen == (ProblemKind.TRACKING_REQUIRED, trade.connection(Side.MARKETPLACE).name, [])
    assert [one.tracking_number for one in trade.confirmed(ref)] == [POSTNL_CODE]
    assert trade.problems(ref) == []


def composed(trade: Shift, ref: str, kind: MessageKind, begun: Payload, *lacks: Capability) -> object:
    """What goes out of a message that began with this much of it."""
    [message] = queue.with_orders([Message(order=trade.order(ref), kind=kind, payload=begun, attempt=1)])
    return commands.compose_message(message, lacking(lacks))


@without()
@pytest.mark.parametrize("lacks", [(Capability.CANCEL_LINES,), ()], ids=["lacking", "able"])
def test_the_rest_of_an_order_of_which_a_piece_was_shipped_is_cancelled_only_where_lines_can_be(
    trade: Shift, lacks: tuple[Capability, ...]
) -> None:
    ref = trade.placed()
    trade.marketplace.ship_part(ref)
    trade.passes(minutes=6)

    found = composed(trade, ref, MessageKind.CANCEL, CancelPayload(), *lacks)

    if not lacks:
        assert isinstance(found, queue.ComposedMessage)
        return
    assert isinstance(found, result.NeedsAttention)
    assert found.kind == ProblemKind.ONLY_WHOLE_CANCELLATIONS


@without()
@pytest.mark.parametrize("lacks", [(Capability.CANCEL_QUANTITY,), ()], ids=["lacking", "able"])
def test_fewer_pieces_than_are_open_are_cancelled_only_where_that_is_possible(
    trade: Shift, lacks: tuple[Capability, ...]
) -> None:
    ref = trade.placed()
    line = Order.objects.get(ref=ref).lines.get().ref

    found = composed(trade, ref, MessageKind.CANCEL, CancelPayload(quantities={line: 1}), *lacks)

    if not lacks:
        assert isinstance(found, queue.ComposedMessage)
        return
    assert isinstance(found, result.NeedsAttention)
    assert (found.kind, found.values["line"]) == (ProblemKind.ONLY_WHOLE_LINES, line)


@without()
@pytest.mark.parametrize("lacks", [(Capability.SHIP_PARTS,), ()], ids=["lacking", "able"])
def test_fewer_pieces_than_are_open_are_confirmed_only_where_that_is_possible(
    trade: Shift, lacks: tuple[Capability, ...]
) -> None:
    ref = trade.placed()
    line = Order.objects.get(ref=ref).lines.get().ref

    found = composed(trade, ref, MessageKind.CONFIRM, ConfirmPayload(quantities={line: 1}), *lacks)

    assert isinstance(found, result.NeedsAttention if lacks else queue.ComposedMessage)
