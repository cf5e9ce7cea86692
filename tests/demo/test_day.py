"""When a day of trade is over."""

from datetime import timedelta

import pytest

from orderhaven.demo.day import ORIGIN, Sight
from orderhaven.demo.sides import HubSide, MarketplaceSide, Outside, ShopSide

_MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("heard", "is_settled"), [(None, False), (-_MINUTE, False), (timedelta(0), False), (_MINUTE, True)]
)
def test_a_day_is_not_over_before_the_hub_could_hear_the_last_deed(heard: timedelta | None, is_settled: bool) -> None:
    outside = Outside(
        marketplace=MarketplaceSide("bol", ()), shop=ShopSide(()), planned=1, is_done=True, last_deed_at=ORIGIN
    )

    sight = Sight(ORIGIN, outside, HubSide((), None if heard is None else ORIGIN + heard))

    assert sight.is_settled is is_settled
