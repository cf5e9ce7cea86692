"""Rows that were loaded without the ORM give what was loaded, and ask the database for nothing else."""

from collections.abc import Iterable
from typing import Any, NoReturn

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.base import ModelState
from django.utils.functional import cached_property


class NotLoaded(Exception):
    """{row}.{name} was not loaded with the row. Whoever reads it names it in store/sql/rows.py, or loads the row by the ORM."""

    def __init__(self, row: str, name: str) -> None:
        super().__init__((self.__doc__ or "").format(row=row, name=name))


class Related(dict[str, Any]):
    """The rows that a row is known to belong to; where the ORM would go and fetch another one, this raises."""

    def __missing__(self, name: str) -> NoReturn:
        raise NotLoaded("A row", name)


class Loaded(ModelState):
    """The state of every row that is loaded here."""

    adding = False
    db: str | None = DEFAULT_DB_ALIAS

    @cached_property
    def fields_cache(self) -> dict[str, Any]:  # type: ignore[override]
        return Related()


class New(Loaded):
    """The state of every row that is made here and does not stand in the database yet."""

    adding = True
    db = None


class LoadedModel(models.Model):
    """A model whose rows may be loaded with some columns only: the others raise NotLoaded, on every row of it."""

    class Meta:
        abstract = True

    def refresh_from_db(
        self, using: Any = None, fields: Iterable[str] | None = None, from_queryset: Any = None
    ) -> None:
        """Django fetches a column that was not loaded by this, one query for each row."""
        for name in self.get_deferred_fields().intersection(fields or ()):
            raise NotLoaded(type(self).__name__, name)
        super().refresh_from_db(using, fields, from_queryset)

    def demand_whole(self, name: str) -> None:
        """Raises NotLoaded for a row that was loaded here: it has what was loaded with it, and `name` was not."""
        if isinstance(self._state, Loaded):
            raise NotLoaded(type(self).__name__, name)
