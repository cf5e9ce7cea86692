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
    pair: str = ""  # who plays, where the others never come there; "": whoever the seed says


MUTANTS = (
    Mutant(
        "an overtaken run may still write",
        "store/connections/connections.py",
        "    if found is None or found[0] != claimed.epoch:",
        "    if found is None:",
    ),
    Mutant(
        "what is unclear is repeated at once",
        "store/outbox/apply_results.py",
        "        state=MessageState.UNCONFIRMED,\n"
        "        rounds=message.rounds + 1,\n"
        "        deaths=0,\n"
        "        not_found_count=0,\n"
        "        due_at=uow.now + pace.first_verification,\n",
        "        state=MessageState.QUEUED,\n"
        "        rounds=message.rounds + 1,\n"
        "        deaths=0,\n"
        "        not_found_count=0,\n"
        "        due_at=uow.now,\n",
    ),
    Mutant(
        "one verification that misses counts at once",
        "sync/pushing.py",
        "        return result.NotFound(is_conclusive=begun_at >= settled_at)\n\n    async def _find(",
        "        return result.NotFound(is_conclusive=True)\n\n    async def _find(",
    ),
    Mutant(
        "the cursor moves although the pull failed",
        "sync/pulling.py",
        "    begun_at, until = sync_run.now(), sync_run.pulls_until()\n    cursor, new =",
        "    begun_at, until = sync_run.now(), sync_run.pulls_until()\n"
        "    sync_run.record_pull(begun_at, begun_at.isoformat())\n    cursor, new =",
    ),
    Mutant(
        "an order is confirmed while it waits for its code",
        "store/orders/follow_ups.py",
        "            case Status.SHIPPED:\n                _shipped(uow, order, trigger)\n",
        "            case Status.WAITING:\n"
        "                uow.enqueue(order, MessageKind.CONFIRM)\n"
        "            case Status.SHIPPED:\n"
        "                _shipped(uow, order, trigger)\n",
    ),
    Mutant(
        "a wait is never over",
        "store/orders/shop_snapshots.py",
        "    if over and row.status == Status.WAITING and snapshot.state is ShopState.COMPLETED:",
        "    if over and row.status == Status.MANUAL and snapshot.state is ShopState.COMPLETED:",
    ),
    Mutant(
        "a wait is over halfway",
        "store/orders/follow_ups.py",
        "timedelta(seconds=order.own_link.wait_s)",
        "timedelta(seconds=order.own_link.wait_s / 2)",
    ),
    Mutant(
        "a message counts as done before it is sent",
        "store/outbox/queue.py",
        "one.message.handle = not_after, MessageState.IN_FLIGHT",
        "one.message.handle = not_after, MessageState.DONE",
    ),
    Mutant(
        "what was begun may be sent however late",
        "connectors/kit/session.py",
        "        if left_s <= 0:",
        "        if left_s <= -1e9:",
        also=Mutant(
            "a hub that wakes after the time sends what it began",
            "sync/sending.py",
            "            if self._seconds() >= first.latest:",
            "            if False:",
        ),
    ),
    Mutant(
        "a request that never left is called unconfirmed",
        "connectors/kit/session.py",
        "            if error.sent:",
        "            if True:",
    ),
    Mutant(
        "what a dead run began is left lying",
        "store/outbox/queue.py",
        "    recover_left_behind(claim, now)\n    return",
        "    return",
    ),
    Mutant(
        "being taken in counts as being done",
        "sync/sender.py",
        "    return result.Processing(receipt.handle)",
        "    return result.Done(receipt.remote_ref)",
    ),
    Mutant(
        "what is rejected is blocked without a Problem",
        "store/outbox/apply_results.py",
        "    uow.problem(row, outcome.kind, outcome.values, message=message, evidence=outcome.evidence)\n",
        "",
    ),
    Mutant(
        "changes at the marketplace are not pulled",
        "store/orders/marketplace_snapshots.py",
        "    return any(known.get(line.ref) != line for line in summary.lines)",
        "    return not known and bool(summary.lines)",
    ),
    Mutant(
        "a cancellation is not sent to the shop",
        "store/orders/follow_ups.py",
        "    if trigger is not Trigger.SHOP_CANCELLED and in_shop(order):",
        "    if trigger is Trigger.SHOP_CANCELLED and in_shop(order):",
    ),
    Mutant(
        "a tracking number in the shop is not sent",
        "store/outbox/commands.py",
        "_parts(message, ConfirmPayload(**tracking._asdict()), spec)",
        "_parts(message, ConfirmPayload(ships_from=tracking.ships_from), spec)",
    ),
    Mutant(
        "the buyer stands in the log",
        "sync/sender.py",
        "            receipt: Receipt = await call(self.command(message), not_after=not_after)",
        "            __import__('structlog').get_logger().info('sending', of=repr(self.command(message)))\n"
        "            receipt: Receipt = await call(self.command(message), not_after=not_after)",
    ),
    # ---------------------------------------------------------------- excuses that the hub makes for itself
    Mutant(
        "orders of after the link are held, and those of before are not",
        "store/orders/unlinked.py",
        "return Hold.OLDER if placed_at < link.from_at else Hold.NONE",
        "return Hold.OLDER if placed_at >= link.from_at else Hold.NONE",
    ),
    Mutant(
        "an order is a person's after one lost answer",
        "store/outbox/apply_results.py",
        "    if message.rounds >= _ROUNDS:",
        "    if message.rounds >= 1:",
    ),
    Mutant(
        "what the others sent a part of counts as sent by them",
        "core/status.py",
        "            facts.append(Trigger.PARTLY_SHIPPED)",
        "            facts.append(Trigger.MARKETPLACE_SHIPPED)",
    ),
    Mutant(
        "how long it takes counts from when the order was received",
        "store/outbox/apply_results.py",
        "    failing_for = uow.now - _note_failing(uow, row, message)",
        "    failing_for = uow.now - row.received_at",
    ),
    # ---------------------------------------------------------------- what is in the shop order
    Mutant(
        "one piece of each line is created",
        "store/outbox/commands.py",
        "    return 0 if line.by_marketplace else line.ordered - line.cancelled - line.shipped",
        "    return 0 if line.by_marketplace else min(line.ordered - line.cancelled - line.shipped, 1)",
    ),
    Mutant(
        "the street is left out",
        "connectors/woocommerce/order_body.py",
        "    first, second = address_lines(address)",
        "    first, second = '', address_lines(address)[1]",
    ),
    Mutant(
        "the shop is sent twice the price",
        "connectors/woocommerce/order_body.py",
        '        "subtotal": as_text(priced.before),\n        "total": as_text(priced.net),',
        '        "subtotal": as_text(priced.before),\n        "total": as_text(priced.net * 2),',
    ),
    Mutant(
        "the shop is told that its stock went already",
        "connectors/woocommerce/order_body.py",
        "    if not options.lowers_stock:",
        "    if options.lowers_stock:",
    ),
    Mutant(
        "a gift stops the order",
        "core/shop_order.py",
        "    surplus = [line for line in free if quantity_of(line) and not _is_free(line)]",
        "    surplus = [line for line in free if quantity_of(line)]",
    ),
    # ---------------------------------------------------------------- what is completed, missing or late
    Mutant(
        "a completed shop order is cancelled for all that",
        "sync/pushing.py",
        "                case ShopState.COMPLETED:\n                    outcomes[message.id] = result.NotNeeded()",
        "                case ShopState.COMPLETED:\n                    pass",
    ),
    Mutant(
        "nobody is told to stop a parcel",
        "core/status.py",
        "        Trigger.COMPLETED_TRACKED: Transition(_CANCELLED, ProblemKind.STOP_THE_PARCEL),",
        "        Trigger.COMPLETED_TRACKED: Transition(_CANCELLED),",
    ),
    Mutant(
        "nobody is told of a cancellation after the shipment",
        "core/status.py",
        "        Trigger.SHOP_CANCELLED: Transition(_SHIPPED, ProblemKind.SHOP_CANCELLED_LATE),",
        "        Trigger.SHOP_CANCELLED: Transition(_SHIPPED),",
    ),
    Mutant(
        "a number after an untracked confirmation is kept to itself",
        "core/status.py",
        "    is_further = bool(baseline.tracking_number) and baseline.tracking_number in {\n"
        "        each.number for each in snapshot.tracking\n"
        "    }\n",
        "    is_further = True\n",
    ),
    Mutant(
        "a wait lasts twice as long",
        "store/orders/follow_ups.py",
        "timedelta(seconds=order.own_link.wait_s)",
        "timedelta(seconds=order.own_link.wait_s * 2)",
    ),
    Mutant(
        "a confirmation goes an hour late",
        "store/orders/unit_of_work.py",
        "            due_at=self.now,\n            payload=",
        "            due_at=self.now + __import__('datetime').timedelta(hours=kind is MessageKind.CONFIRM),\n"
        "            payload=",
    ),
    # ---------------------------------------------------------------- what could not be read
    Mutant(
        "text where a number belongs is passed over",
        "store/orders/shop_snapshots.py",
        '    uow.problem(row, ProblemKind.TRACKING_UNREADABLE, {"place": places})',
        "    return",
    ),
    Mutant(
        "text where a number belongs stands in the Problem",
        "store/orders/shop_snapshots.py",
        '{"place": places})',
        '{"place": places, "quoted": text})',
    ),
    Mutant(
        "a wait ends at once while the shop is down",
        "store/orders/shop_snapshots.py",
        "            if now >= hold_until(row):",
        "            if now:",
    ),
    Mutant(
        "a wait ends without a look at the shop",
        "sync/pulling.py",
        "        if not sync_run.usable:\n            raise SafeToRetry",
        "        if sync_run.usable:\n            raise SafeToRetry",
    ),
    # ---------------------------------------------------------------- what goes wrong later, or in between
    Mutant(
        "what has been forgotten there counts as done",
        "sync/sender.py",
        '                    outcomes[message.id] = result.Unconfirmed(f"{self.side} does not say what became of it")',
        "                    outcomes[message.id] = result.Done(receipt.remote_ref)",
    ),
    Mutant(
        "what failed there counts as done",
        "connectors/bol/commands.py",
        "Receipt(ReceiptState.REJECTED, handle",
        "Receipt(ReceiptState.DONE, handle",
    ),
    Mutant(
        "what sticks there is asked after for ever",
        "store/outbox/apply_results.py",
        "    if uow.now < deadline:",
        "    if deadline:",
    ),
    Mutant(
        "an order that could not be read once is never read again",
        "store/sql/statements.py",
        "read_at IS NULL AND (read_due_at IS NULL OR read_due_at <= %s)",
        "read_at IS NULL AND (read_due_at IS NULL AND %s IS NOT NULL)",
    ),
    Mutant(
        "new orders are taken in piece by piece",
        "store/orders/marketplace_snapshots.py",
        "    with transaction.atomic():\n        fence(claim)\n        return _insert_new(routing, summaries, now)",
        "    fence(claim)\n    return _insert_new(routing, summaries, now)",
    ),
    Mutant(
        "a confirmation goes although the shop took it back meanwhile",
        "store/orders/follow_ups.py",
        "        uow.withdraw_unsent(order, (MessageKind.CONFIRM, MessageKind.CANCEL))",
        "        uow.withdraw_unsent(order, (MessageKind.CANCEL,))",
    ),
    Mutant(
        "cancellations of the last hour are not counted",
        "store/orders/follow_ups.py",
        "        count = before.count() + len(fresh)",
        "        count = len(fresh)",
    ),
    Mutant(
        "buyers are erased while their orders are open",
        "store/orders/marketplace_snapshots.py",
        "    over = Q(order__closed_at__lt=now - after_closing) |",
        "    over = Q(order__received_at__lt=now - after_closing) |",
    ),
    Mutant(
        "buyers are erased after the longest time alone",
        "store/orders/marketplace_snapshots.py",
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
        "store/upkeep/clock_ahead.py",
        "        rows = _connections_ahead(bounds)",
        "        rows = _connections_ahead(bounds)[:0]",
    ),
    Mutant(
        "a connection that fails for minutes calls a person",
        "store/connections/connections.py",
        "TAKES_LONG = timedelta(hours=2)",
        "TAKES_LONG = timedelta(minutes=2)",
    ),
    Mutant(
        "orders that a shared refusal stopped stay where they are",
        "store/outbox/repeated_rejections.py",
        "    _go_on(uow, _met_before(connection, cause, MessageState.STOPPED, batch))\n",
        "",
    ),
    Mutant(
        "two refusals alike stop every order",
        "store/outbox/repeated_rejections.py",
        "RUNNING = 3  #",
        "RUNNING = 1  #",
    ),
    # ---------------------------------------------------------------- what is whose
    Mutant(
        "a shop order is taken for another merchant's of the same number",
        "store/sql/statements.py",
        "WHERE +link_id IN (SELECT id FROM store_link WHERE shop_id = %s) AND shop_ref IN ({keys}) ORDER BY id",
        "WHERE 0 < %s AND shop_ref IN ({keys}) ORDER BY id",
    ),
    Mutant(
        "an order is taken for another merchant's of the same number",
        "store/sql/statements.py",
        "FROM store_order o LEFT JOIN store_line l ON l.order_id = o.id WHERE o.connection_id = %s AND",
        "FROM store_order o LEFT JOIN store_line l ON l.order_id = o.id WHERE 0 < %s AND",
    ),
    # ---------------------------------------------------------------- references, preparations, receipts
    Mutant(
        "a reference does not name the account",
        "core/references.py",
        "{connector}-{account}-{ref}",
        "{connector}-{ref}",
    ),
    Mutant(
        "the reference is composed anew for each verification",
        "store/outbox/references.py",
        "    return message.reference or shortened(_composed(message), room)",
        "    return f'{shortened(_composed(message), room)}-{message.attempt}'",
    ),
    Mutant(
        "what was prepared is not kept",
        "store/outbox/queue.py",
        '        update(messages, ("prepared",))',
        "        pass",
        pair="second_references",
    ),
    Mutant(
        "the fate of one is given to all that went with it",
        "sync/sender.py",
        "receipts.get(message.reference, _UNKNOWN)) for message in messages]",
        "next(iter(receipts.values()), _UNKNOWN)) for message in messages]",
        pair="second_references",
    ),
    Mutant(
        "an outcome is given to another order",
        "sync/sender.py",
        "(message, receipts.get(message.reference, _UNKNOWN)) for message in messages]",
        "(message, receipts.get(other.reference, _UNKNOWN)) for message, other in zip(messages, reversed(messages))]",
        pair="second_references",
    ),
)
