"""What programs use: the same powers as the screens, over HTTP. It calls `actions/` and the store's queries; no rule lives here."""
