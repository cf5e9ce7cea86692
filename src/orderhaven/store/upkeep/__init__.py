"""Upkeep: opening the store, keeping it sound, and saying how it is.

- `setup`: configures Django, checks the file, copies it and migrates; of several processes one migrates and the others
  wait.
- `backup`: a consistent copy while the hub runs.
- `doctor`: whether the database is sound and up to date, and what a failure of it is called in a sentence.
- `health`: the heartbeat that tells a page whether anything happened, the figures of the overview, and those for
  monitoring.
- `versions`: the version of an order, a link and a connection, for changes that must apply to what was read.
- `privacy`: keeps the data folder private, and overwrites what was erased.
- `clock_ahead`: mends times that were written while the clock was ahead.

Called by the CLI and the web server when they start, by `sync/worker.py` once a minute, and by the API and the web around
every change and page. A file that is damaged, emptied, newer than the code or not ours is refused before anything is
written to it. Nothing here decides anything about an order.
"""
