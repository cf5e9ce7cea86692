"""Which connectors play a journey or the simulation together: the references, and whatever is installed."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from orderhaven.connectors import specs
from orderhaven.ports.connector import ConnectorSpec, Side
from orderhaven.testing.draft_shop import DRAFT_SHOP
from orderhaven.testing.feed_marketplace import FEED_MARKETPLACE
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP


class Pair(NamedTuple):
    """A marketplace and a shop, by the names of their connectors."""

    marketplace: str
    shop: str

    def __str__(self) -> str:
        return _NAMED.get(self) or f"{self.marketplace}-{self.shop}"

    @property
    def marketplace_spec(self) -> ConnectorSpec:
        return playable()[self.marketplace]

    @property
    def shop_spec(self) -> ConnectorSpec:
        return playable()[self.shop]


REFERENCES = Pair(REFERENCE_MARKETPLACE.name, REFERENCE_SHOP.name)
SECOND_REFERENCES = Pair(FEED_MARKETPLACE.name, DRAFT_SHOP.name)  # what the first are not
_NAMED = {REFERENCES: "references", SECOND_REFERENCES: "second_references"}


def playable() -> Mapping[str, ConnectorSpec]:
    """Every connector that has a sandbox, the references too."""
    found = [*specs().values(), REFERENCE_MARKETPLACE, REFERENCE_SHOP, FEED_MARKETPLACE, DRAFT_SHOP]
    return {one.name: one for one in found if one.sandbox}


def installed(side: Side) -> Sequence[str]:
    return sorted(one.name for one in specs().values() if one.side is side and one.sandbox)


def pairs_of_all(*connectors: Pair) -> Sequence[Pair]:
    """The references, each connector against a reference, and these pairs of connectors: not every pair that there is."""
    there = [Pair(name, REFERENCES.shop) for name in installed(Side.MARKETPLACE)]
    here = [Pair(REFERENCES.marketplace, name) for name in installed(Side.SHOP)]
    return list(dict.fromkeys((REFERENCES, SECOND_REFERENCES, *there, *here, *connectors)))


def pair_named(text: str) -> Pair:
    """`references`, `second_references`, or MARKETPLACE-SHOP. Raises ValueError with a sentence when there is no such pair."""
    for pair, name in _NAMED.items():
        if text == name:
            return pair
    marketplace, _, shop = text.partition("-")
    known = playable()
    sides = [known[name].side if name in known else None for name in (marketplace, shop)]
    if sides != [Side.MARKETPLACE, Side.SHOP]:
        names = ", ".join(sorted(known))
        raise ValueError(
            f"There is no pair '{text}'. Write references, second_references, or MARKETPLACE-SHOP of: {names}."
        )
    return Pair(marketplace, shop)
