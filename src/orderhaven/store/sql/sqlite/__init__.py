"""The database backend of a hub without PostgreSQL, as Django loads it by its name."""
