"""All that a shop connector promises."""

from orderhaven.testing.contract.bent_rows import ShopWithABentRow
from orderhaven.testing.contract.noise import ShopBehindNoise
from orderhaven.testing.contract.shop_finding import ShopFinding
from orderhaven.testing.contract.shop_hearing import ShopHearing, ShopReading
from orderhaven.testing.contract.shop_placing import ShopPlacing
from orderhaven.testing.contract.shop_telling import ShopTelling


class ShopContract(ShopPlacing, ShopFinding, ShopReading, ShopHearing, ShopTelling, ShopBehindNoise, ShopWithABentRow):
    """Subclass it, name the subclass Test..., and give it a fixture `subject` that returns a new ShopSubject."""
