"""Orders: what each side says of them is taken in here, moves them, and decides what the other side must be sent.

- `marketplace_snapshots`: takes in what a marketplace lists and what a whole order holds; erases buyers' data when its
  time is over.
- `shop_snapshots`: takes in what a shop shows; ends waits; quotes text that stands where a tracking number belongs.
- `unit_of_work`: collects all changes of one transaction and writes them in a few statements.
- `follow_ups`: moves an order by the table in `core/status.py`, and enqueues or withdraws the messages that follow from
  the move.
- `changes`: a person's act on orders, in one transaction that locks them first.
- `conversions`: core values to columns and back; stated and estimated deadlines.
- `order_page`: everything about one order, for its page; the shipments of all orders, for the API.
- `events`: what happened, in order, behind a cursor.
- `problems`: the open Problems of a merchant.

Called by `sync/` (snapshots), by `actions/` (changes), by the faces (pages, events, problems), and by `store/outbox/`
when it applies a result. A status moves in `follow_ups.transition_order` and nowhere else; in a run, orders and their
lines are changed through a `UnitOfWork`. Nothing here calls a marketplace or a shop.
"""
