"""What people did and how both sides stood, as the judge knows it: by the simulation's own hand, never by the hub's word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orderhaven.core.carriers import Carrier
from orderhaven.ports.sandbox import BackOfficeOrder, ConfirmedShipment
from tests.simulation.plan import NOTHING_MEANT, Deed


@dataclass(frozen=True, slots=True)
class Noted:
    """A code in the shop order."""

    at: float
    code: str
    carrier: Carrier | None  # None: nobody can tell from the code


@dataclass
class Diary:
    """What people did to one order, and when, in seconds of the run."""

    number: int
    kind: str
    ref: str
    sold_at: float
    pieces: Mapping[str, int]  # SKU -> how many were sold
    done: dict[Deed, list[float]] = field(default_factory=dict)
    codes: list[Noted] = field(default_factory=list)
    scribbles: list[str] = field(default_factory=list)  # what stood in the place of a code and is none
    by_others: set[int] = field(default_factory=set)  # places in the marketplace's list of shipments

    @property
    def texts_for_a_number(self) -> list[str]:
        """What people wrote there that means something, and is no number."""
        return [text for text in self.scribbles if text not in NOTHING_MEANT]

    def did(self, *deeds: Deed) -> bool:
        return any(deed in self.done for deed in deeds)

    def first(self, *deeds: Deed) -> float | None:
        return min((at for deed in deeds for at in self.done.get(deed, ())), default=None)

    def last(self, *deeds: Deed) -> float:
        return max((at for deed in deeds for at in self.done.get(deed, ())), default=-1.0)

    def course(self, until: float) -> list[tuple[float, Deed]]:
        """Everything that was done to it until then, in order."""
        return sorted((at, deed) for deed, moments in self.done.items() for at in moments if at <= until)


@dataclass(frozen=True, slots=True)
class Look:
    """Both sides at one moment: the last before anything went wrong that may delay others."""

    at: float
    in_shop: Mapping[str, Sequence[BackOfficeOrder]]  # by the marketplace's numbers
    shipments: Sequence[ConfirmedShipment]
    cancelled: frozenset[str]
    problems: Mapping[str, Sequence[str]]  # open ones of the hub
    connections: Mapping[str, str]  # name -> state
