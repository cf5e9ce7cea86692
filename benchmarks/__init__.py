"""How fast, idle, steady and small the hub is: `python -m benchmarks` (or `make bench`).

Everything that is measured runs the hub's real code: `sync/` and `store/` on SQLite with synchronous=FULL, over real
sockets, between sandboxes of a marketplace and a shop that run in processes of their own. What comes out are ratios
of two measurements of one run, taken in turns, because seconds say more about the machine than about the hub.
"""
