"""Faults to plant in the hub, one at a time: what is wrong, and where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    name: str  # what is wrong with the hub
    file: str  # below src/orderhaven
    text: str  # stands there exactly once
    instead: str
    also: Mutant | None = None  # the second of two guards: with either of them the fault does nothing


MUTANTS = (
    Mutant(
        "an overtaken cycle may still write",
        "store/connections.py",
        "    if found is None or found[0] != claimed.epoch:",
        "    if found is None:",
    ),
    Mutant(
        "what is unclear is repeated at once",
        "store/settling.py",
        "        state=MessageState.UNCLEAR,\n        rounds=message.rounds + 1,\n        deaths=0,\n        misses=0,\n"
        "        due_at=ledger.now + pace.first_look,\n",
        "        state=MessageState.DUE,\n        rounds=message.rounds + 1,\n        deaths=0,\n        misses=0,\n"
        "        due_at=ledger.now,\n",
    ),
    Mutant(
        "one look that misses counts at once",
        "sync/tell_shop.py",
        "        return NotThere(counts=begun_at >= settled_at)",
        "        return NotThere(counts=True)",
    ),
    Mutant(
        "the cursor moves although the hearing failed",
        "sync/hear_marketplace.py",
        "    begun_at, until = cycle.now(), cycle.hears_until()\n",
        "    begun_at, until = cycle.now(), cycle.hears_until()\n    cycle.heard(begun_at, begun_at.isoformat())\n",
    ),
    Mutant(
        "an order is confirmed while it waits for its code",
        "store/consequences.py",
        "            case Status.SHIPPED:\n                _shipped(ledger, order, fact)\n",
        "            case Status.WAITING:\n                ledger.put(order, Kind.CONFIRM)\n"
        "            case Status.SHIPPED:\n                _shipped(ledger, order, fact)\n",
    ),
    Mutant(
        "a wait is never over",
        "store/shop_readings.py",
        "    if over and row.status == Status.WAITING and reading.state is ShopState.COMPLETED:",
        "    if over and row.status == Status.MANUAL and reading.state is ShopState.COMPLETED:",
    ),
    Mutant(
        "a wait is over halfway",
        "store/consequences.py",
        "timedelta(seconds=order.link.wait_s)",
        "timedelta(seconds=order.link.wait_s / 2)",
    ),
    Mutant(
        "a message counts as told before it is sent",
        "store/outbox.py",
        "one.message.handle = not_after, MessageState.SENDING",
        "one.message.handle = not_after, MessageState.TOLD",
    ),
    Mutant(
        "what was begun may be sent however late",
        "connectors/kit/session.py",
        "            if left_s <= 0:",
        "            if left_s <= -1e9:",
        also=Mutant(
            "a hub that wakes after the time sends what it began",
            "sync/outbox.py",
            "            if self._seconds() >= begun.latest:",
            "            if False:",
        ),
    ),
    Mutant(
        "what a dead cycle began is left lying",
        "store/outbox.py",
        "    left_behind(claim, now)\n    return",
        "    return",
    ),
    Mutant(
        "being taken in counts as being done",
        "sync/tell_marketplace.py",
        "                return TakenIn(receipt.handle)",
        "                return Done(receipt.remote_ref)",
    ),
    Mutant(
        "what is refused is parked without a Problem",
        "store/settling.py",
        "    ledger.problem(row, verdict.kind, verdict.values, message=message, evidence=verdict.evidence)\n",
        "",
    ),
    Mutant(
        "changes at the marketplace are not heard",
        "store/orders.py",
        "    return any(known.get(line.ref) != line for line in sighting.lines)",
        "    return not known and bool(sighting.lines)",
    ),
    Mutant(
        "a cancellation is not told to the shop",
        "store/consequences.py",
        "    if fact is not Fact.SHOP_CANCELLED and _in_shop(order):",
        "    if fact is Fact.SHOP_CANCELLED and _in_shop(order):",
    ),
    Mutant(
        "a code in the shop is not told",
        "store/tellings.py",
        "_parts(message, ConfirmPayload(*tracking), limit)",
        "_parts(message, ConfirmPayload(ships_from=tracking.ships_from), limit)",
    ),
    Mutant(
        "the buyer stands in the log",
        "sync/tell_shop.py",
        "        placed = await self._shop.place(self._placements[message.id], not_after=not_after)",
        "        __import__('structlog').get_logger().info('placing', of=repr(self._placements[message.id]))\n"
        "        placed = await self._shop.place(self._placements[message.id], not_after=not_after)",
    ),
    # ---------------------------------------------------------------- excuses that the hub makes for itself
    Mutant(
        "orders of after the link are held, and those of before are not",
        "store/orders.py",
        "hold=Hold.OLDER if sighting.placed_at < link.from_at else Hold.NONE",
        "hold=Hold.OLDER if sighting.placed_at >= link.from_at else Hold.NONE",
    ),
    Mutant(
        "an order is a person's after one lost answer",
        "store/settling.py",
        "    if message.rounds >= _ROUNDS:",
        "    if message.rounds >= 1:",
    ),
    Mutant(
        "what the others sent a part of counts as sent by them",
        "core/reading.py",
        "            facts.append(Fact.PART_SENT)",
        "            facts.append(Fact.SHIPPED_THERE)",
    ),
    Mutant(
        "how long it takes counts from when the order was heard",
        "store/settling.py",
        "    failing_for = ledger.now - _note_failing(ledger, row, message)",
        "    failing_for = ledger.now - row.heard_at",
    ),
    # ---------------------------------------------------------------- what is in the shop order
    Mutant(
        "one piece of each line is created",
        "store/placing.py",
        "    return 0 if line.by_marketplace else line.ordered - line.cancelled - line.shipped",
        "    return 0 if line.by_marketplace else min(line.ordered - line.cancelled - line.shipped, 1)",
    ),
    Mutant(
        "the street is left out",
        "connectors/woocommerce/placing.py",
        "    first, second = address_lines(address)",
        "    first, second = '', address_lines(address)[1]",
    ),
    Mutant(
        "the shop is sent twice the price",
        "connectors/woocommerce/placing.py",
        '        "subtotal": as_text(priced.before),\n        "total": as_text(priced.net),',
        '        "subtotal": as_text(priced.before),\n        "total": as_text(priced.net * 2),',
    ),
    Mutant(
        "the shop is told that its stock went already",
        "connectors/woocommerce/placing.py",
        "    if not ways.lowers_stock:",
        "    if ways.lowers_stock:",
    ),
    Mutant(
        "a gift stops the order",
        "core/comparing.py",
        "    surplus = [line for line in free if pieces(line) and not _is_free(line)]",
        "    surplus = [line for line in free if pieces(line)]",
    ),
    # ---------------------------------------------------------------- what is completed, missing or late
    Mutant(
        "a completed shop order is cancelled for all that",
        "sync/tell_shop.py",
        "                case ShopState.COMPLETED:\n                    verdicts[message.id] = NotWanted()",
        "                case ShopState.COMPLETED:\n                    pass",
    ),
    Mutant(
        "nobody is told to stop a parcel",
        "core/status.py",
        "        Fact.COMPLETED_WITH_CODE: Move(_CANCELLED, ProblemKind.STOP_THE_PARCEL),",
        "        Fact.COMPLETED_WITH_CODE: Move(_CANCELLED),",
    ),
    Mutant(
        "nobody is told of a cancellation after the shipment",
        "core/status.py",
        "        Fact.SHOP_CANCELLED: Move(_SHIPPED, ProblemKind.SHOP_CANCELLED_LATE),",
        "        Fact.SHOP_CANCELLED: Move(_SHIPPED),",
    ),
    Mutant(
        "a code after a bare confirmation is kept to itself",
        "core/reading.py",
        "    is_further = bool(known.code) and known.code in {each.code for each in reading.codes}\n",
        "    is_further = True\n",
    ),
    Mutant(
        "a wait lasts twice as long",
        "store/consequences.py",
        "timedelta(seconds=order.link.wait_s)",
        "timedelta(seconds=order.link.wait_s * 2)",
    ),
    Mutant(
        "a confirmation goes an hour late",
        "store/ledger.py",
        "            due_at=self.now,\n            payload=",
        "            due_at=self.now + __import__('datetime').timedelta(hours=kind is Kind.CONFIRM),\n            payload=",
    ),
    # ---------------------------------------------------------------- what could not be read
    Mutant(
        "text where a number belongs is passed over",
        "store/unread.py",
        '    ledger.problem(row, ProblemKind.NUMBER_UNREAD, {"place": places})',
        "    return",
    ),
    Mutant(
        "text where a number belongs stands in the Problem",
        "store/unread.py",
        '{"place": places})',
        '{"place": places, "quoted": text})',
    ),
    Mutant(
        "a wait ends at once while the shop is down",
        "store/shop_readings.py",
        "            if now >= hold_until(row):",
        "            if now:",
    ),
    Mutant(
        "a wait ends without a look at the shop",
        "sync/hear_shop.py",
        "        if not cycle.usable:\n            raise TryLater",
        "        if cycle.usable:\n            raise TryLater",
    ),
    # ---------------------------------------------------------------- what goes wrong later, or in between
    Mutant(
        "what has been forgotten there counts as done",
        "sync/tell_marketplace.py",
        '                return MayHaveHappened(f"{self._side} does not say what became of it")',
        "                return Done(receipt.remote_ref)",
    ),
    Mutant(
        "what failed there counts as done",
        "connectors/bol/telling.py",
        'refused=reason or "bol gives no reason")',
        'refused="")',
    ),
    Mutant(
        "what sticks there is asked after for ever",
        "store/settling.py",
        "    if ledger.now < deadline:",
        "    if deadline:",
    ),
    Mutant(
        "an order that could not be read once is never read again",
        "store/sql/orders.py",
        "read_at IS NULL AND (read_due_at IS NULL OR read_due_at <= %s)",
        "read_at IS NULL AND (read_due_at IS NULL AND %s IS NOT NULL)",
    ),
    Mutant(
        "new orders are taken in piece by piece",
        "store/orders.py",
        "    with transaction.atomic():\n        fence(claim)\n        return _insert_new(link, sightings, now)",
        "    fence(claim)\n    return _insert_new(link, sightings, now)",
    ),
    Mutant(
        "a confirmation goes although the shop took it back meanwhile",
        "store/consequences.py",
        "        ledger.drop_unsent(order, (Kind.CONFIRM, Kind.CANCEL))",
        "        ledger.drop_unsent(order, (Kind.CANCEL,))",
    ),
    Mutant(
        "cancellations of the last hour are not counted",
        "store/holding.py",
        "        count = before.count() + len(fresh)",
        "        count = len(fresh)",
    ),
    Mutant(
        "buyers are erased while their orders are open",
        "store/orders.py",
        "    over = Q(order__closed_at__lt=now - after_closing) |",
        "    over = Q(order__heard_at__lt=now - after_closing) |",
    ),
    Mutant(
        "buyers are erased after the longest time alone",
        "store/orders.py",
        "    over = Q(order__closed_at__lt=now - after_closing) |",
        "    over =",
    ),
    Mutant(
        "a token that ended early counts as a key that is refused",
        "connectors/kit/session.py",
        "        if response.status == 401 and await self._auth.renew(signed):",
        "        if response.status == 499 and await self._auth.renew(signed):",
    ),
    # ---------------------------------------------------------------- connections
    Mutant(
        "after a clock that was ahead nothing is due for hours",
        "store/clock_ahead.py",
        "        rows = _connections_ahead(bounds)",
        "        rows = _connections_ahead(bounds)[:0]",
    ),
    Mutant(
        "a connection that fails for minutes calls a person",
        "store/connections.py",
        "TAKES_LONG = timedelta(hours=2)",
        "TAKES_LONG = timedelta(minutes=2)",
    ),
    Mutant(
        "orders that a shared refusal stopped stay where they are",
        "store/alike.py",
        "    _go_on(ledger, _met_before(connection, cause, MessageState.STOPPED, batch))\n",
        "",
    ),
    Mutant(
        "two refusals alike stop every order",
        "store/alike.py",
        "RUNNING = 3  #",
        "RUNNING = 1  #",
    ),
    # ---------------------------------------------------------------- what is whose
    Mutant(
        "a shop order is taken for another merchant's of the same number",
        "store/sql/orders.py",
        "WHERE +link_id IN (SELECT id FROM store_link WHERE shop_id = %s) AND shop_ref IN ({keys}) ORDER BY id",
        "WHERE 0 < %s AND shop_ref IN ({keys}) ORDER BY id",
    ),
    Mutant(
        "an order is taken for another merchant's of the same number",
        "store/sql/orders.py",
        "FROM store_order o LEFT JOIN store_line l ON l.order_id = o.id WHERE o.link_id = %s AND",
        "FROM store_order o LEFT JOIN store_line l ON l.order_id = o.id WHERE 0 < %s AND",
    ),
)
