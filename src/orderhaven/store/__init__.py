"""The only place that touches the database: plain synchronous functions over Django's ORM.

- `orders`: what each side says of orders, how that moves them, and what follows.
- `outbox`: what each side must still be sent, begun and finished exactly once.
- `connections`: accounts, links, schedules and secrets; which run may write.
- `listing`: the order list.
- `access`: users, tokens, and how often somebody may try.
- `notifications`: mails and webhooks, from noticing to delivery.
- `upkeep`: opening, backing up, checking and measuring the store.
- `sql`: what goes around the ORM because a benchmark demands it.
- `models`, `migrations`: the schema and its history.

Each package begins with a page like this one. Asynchronous code calls the store through
`orderhaven.store.sql.execute.StoreExecutor`.
"""
