"""JSON columns whose values are structs on this side of the database; migrations see plain ones."""

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from django.db import models

if TYPE_CHECKING:
    _Column = models.JSONField[Any, Any]
else:
    _Column = models.JSONField


class StructField(_Column):
    struct_decoder: ClassVar[msgspec.json.Decoder[Any]]

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value if value is None else self.struct_decoder.decode(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(msgspec.to_builtins(value), connection, prepared)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs | ({"default": dict} if self.has_default() else {})
