"""The only place that touches the database: models, migrations, and one file of queries per noun.

Plain synchronous functions. Asynchronous code calls them through `orderhaven.store.sql.hop.Hop`.
"""
