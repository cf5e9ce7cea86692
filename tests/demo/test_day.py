"""When a day of trade is over."""

from datetime import timedelta

import pytest

from orderhaven.demo.day import ORIGIN, Sight
from orderhaven.demo.sides import HubSide, MarketplaceSide, OutsideView, ShopSide

_MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("pulled", "is_settled"), [(None, False), (-_MINUTE, False), (timedelta(0), False), (_MINUTE, True)]
)
def test_a_day_is_not_over_before_the_hub_could_pull_the_last_deed(pulled: timedelta | None, is_settled: bool) -> None:
    context = OutsideView(
        marketplace=MarketplaceSide(()), shop=ShopSide(()), planned=1, is_done=True, last_deed_at=ORIGIN
    )

    sight = Sight(ORIGIN, context, HubSide((), None if pulled is None else ORIGIN + pulled))

    assert sight.is_settled is is_settled
