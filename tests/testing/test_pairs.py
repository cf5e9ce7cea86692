"""Which connectors play together."""

import pytest

from orderhaven.connectors import specs
from orderhaven.ports.connector import Side
from orderhaven.testing.pairs import REFERENCES, SECOND_REFERENCES, Pair, pair_named, pairs_of_all
from tests.pairs import CONNECTORS, PAIRS


def test_a_pair_is_found_by_its_name() -> None:
    assert [pair_named(str(pair)) for pair in PAIRS] == list(PAIRS)
    assert pair_named("reference_marketplace-reference_shop") == REFERENCES


@pytest.mark.parametrize(
    "text", ["", "nowhere-reference_shop", "reference_shop-reference_marketplace", "reference_shop"]
)
def test_a_pair_that_is_none_says_what_there_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"MARKETPLACE-SHOP of: .*reference_shop"):
        pair_named(text)


def test_each_connector_plays_against_a_reference_and_not_against_every_other() -> None:
    sides = {name: one.side for name, one in specs().items() if one.sandbox}
    there = {Pair(name, REFERENCES.shop) for name, side in sides.items() if side is Side.MARKETPLACE}
    here = {Pair(REFERENCES.marketplace, name) for name, side in sides.items() if side is Side.SHOP}

    assert set(pairs_of_all(CONNECTORS)) == {REFERENCES, SECOND_REFERENCES, *there, *here, CONNECTORS}
