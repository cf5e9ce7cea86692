"""The outbox: one row for each thing that one side must still be sent about one order, from queued to done.

- `queue`: which messages are due; begins them before the call and finishes them after it, by compare and set on attempt
  and epoch.
- `payloads`: what a message holds, one type per kind; JSON is decoded and encoded here and nowhere else.
- `commands`: composes from rows what goes out: drafts of shop orders, confirmations, cancellations, corrections; chooses
  the carrier.
- `result`: what became of one attempt, the only things that `queue.finish` writes down.
- `apply_results`: what each result means for the message and its order; back-off, rounds, and when a person is asked.
- `repeated_rejections`: a rejection that order after order meets is said once, on the connection, and one order is tried
  for all.

`sync/sending.py` alone begins and finishes messages; `store/orders/` enqueues and withdraws them; `actions/` retries,
corrects and releases them. Nothing here calls a marketplace or a shop, and no transaction is open while somebody does. A
message that may have been sent is never queued again before it was verified. Payloads hold no personal data.
"""
