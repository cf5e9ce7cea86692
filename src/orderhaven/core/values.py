"""Values: objects that are never changed once they are made.

mypy holds all code to that. The check that `dataclasses` makes at run time as well takes three quarters of the time of
making one, and the hub makes dozens for every order: here there is none.
"""

import dataclasses
from typing import TYPE_CHECKING

__all__ = ["value"]

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:

    def value(*, frozen, **options):
        """`dataclasses.dataclass`, frozen for the type checker alone."""
        return dataclasses.dataclass(unsafe_hash=frozen, **options)
