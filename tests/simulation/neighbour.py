"""Another merchant in the same hub, with numbers like the first one's on both sides: what is whose must never be mixed up.

Its sides are never in trouble. It sells, and ships with a code what came into its shop.
"""

import random
from collections.abc import Callable, Iterator

from orderhaven.demo.codes import make_code
from orderhaven.testing.pairs import REFERENCES
from tests.simulation.plan import Happening, Trouble
from tests.simulation.sides import Sides
from tests.simulation.virtual import LoopClock
from tests.simulation.wire import names

MERCHANT = "Buurman"


class Neighbour:
    def __init__(self, clock: LoopClock, chance: random.Random, hit: Callable[[Trouble], None]) -> None:
        self.sides = Sides(REFERENCES, clock, chance, hit)
        self._chance = chance
        self._codes: dict[str, str] = {}  # by order: what went with it, once it was completed
        self._pieces: dict[str, dict[str, int]] = {}

    def sell(self, one: Happening) -> None:
        ref, pieces = self.sides.sell(one)
        self._pieces[ref] = pieces

    def ship_what_came(self) -> None:
        for ref in self._pieces.keys() - self._codes.keys():
            for one in self.sides.in_shop(ref):
                code = make_code(self._chance)
                self.sides.shop.complete(one.shop_ref, code.text, code.carrier_word)
                self._codes[ref] = code.text

    def flaws(self) -> Iterator[str]:
        """Once everything has settled."""
        shop, shipments = self.sides.shop.orders(), self.sides.marketplace.shipments()
        strange = {one.reference for one in shop if not any(names(one.reference, ref) for ref in self._pieces)}
        if strange:
            yield f"the neighbour's shop has orders that were not sold there: {', '.join(sorted(strange))}"
        for ref, pieces in self._pieces.items():
            found = [dict(one.quantities) for one in self.sides.in_shop(ref)]
            if found != [pieces]:
                yield f"the neighbour sold {pieces} as {ref}, and its shop has {found}"
            told = [one.tracking_number for one in shipments if one.order_ref == ref]
            if told != [self._codes[ref]] if ref in self._codes else told:
                yield f"the neighbour shipped {ref} with {self._codes.get(ref)}, and its marketplace was told {told}"
