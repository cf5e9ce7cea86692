"""Connections: a merchant's accounts at marketplaces and shops, how they are joined, and when each is due.

- `connections`: claims one for a sync run and fences its writes; the schedule; failures, rejections and recovery;
  settings and secrets.
- `links`: which marketplace's orders go to which shop, and how.
- `merchants`: the tenants, and which of them a user works for.
- `keys`: encrypts secrets with the newest key and reads them with any that is kept; rotation.
- `nudges`: the addresses that a marketplace or shop may call, and how such a call brings the next pull forward.

Called by `sync/` at the start and the end of a run, by `actions/` when people connect, link, pause and resume, and by the
faces to show them. A claim that another run has overtaken writes nothing: every write of a run passes `fence`. Secrets
leave only towards a connector; they are never shown or logged, and this package opens no connection to anybody.
"""
