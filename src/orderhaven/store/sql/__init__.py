"""Everything that goes around the ORM, because `make bench` says so; the rest of the store is plain Django.

- `execute`: runs a statement, the same on SQLite and PostgreSQL, and writes many rows at once (the ORM's bulk methods
  take 3 to 4 times as long); `relaxed_durability` for what need not wait for the disk; `StoreExecutor`, the way from
  asynchronous code into the store.
- `rows`: loads many rows at once (the ORM's instances take 5 times as long), orders and messages with the columns that
  each use needs.
- `loaded`: such a row raises `NotLoaded` for any other column, instead of asking the database for it.
- `statements`: the statements of a sync run, one function each.
- `sqlite`: Django's SQLite backend, with shorter ways for what runs by the hundred.

Beside each statement stands which figure of the benchmark it is for and how often it runs there: in `loop_ratio` for 100
orders that go the whole way, in `idle_ratio` for one poll of both sides. Phrased by the ORM, each would take 0.2 to 1 ms
more: a statement that runs ten times for 100 orders costs 2 % of `loop_ratio`, one in every poll 12 % of `idle_ratio`.

Called from the other packages of the store, and `StoreExecutor` from `sync/` and `notifications/`. A statement holds no rule
of the trade: what a status means and what follows from it is decided in `store/orders/`. A statement that no benchmark
needs belongs to the ORM.
"""
