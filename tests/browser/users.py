"""Who uses the hub in these tests: one of each role, and some who change something about their own account."""

from dataclasses import dataclass

from orderhaven.core.access import Role

TRADE = "The trade"
PASSWORD = "several words without sense"


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    role: Role

    @property
    def email(self) -> str:
        return f"{self.name.lower().replace(' ', '.')}@example.com"


ADMINISTRATOR = Person("The administrator", Role.ADMINISTRATOR)
OPERATOR = Person("The operator", Role.OPERATOR)
VIEWER = Person("The viewer", Role.VIEWER)
LINGUIST = Person("The linguist", Role.OPERATOR)
CAREFUL = Person("The careful one", Role.OPERATOR)  # uses a second factor
LEAVING = Person("The leaving one", Role.OPERATOR)  # logs out
PERSONS = (ADMINISTRATOR, OPERATOR, VIEWER, LINGUIST, CAREFUL, LEAVING)
