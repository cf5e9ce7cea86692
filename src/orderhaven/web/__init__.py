"""What people look at. It calls `actions/` and the store's queries; no rule lives here."""
