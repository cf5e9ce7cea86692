"""The contract suites. A connector joins with one class and one fixture:

    class TestMine(MarketplaceContract):
        @pytest.fixture
        def subject(self) -> MarketplaceSubject:
            return MarketplaceSubject(...)

Which facts are asserted follows from its declaration: `can`, `limits` and `carriers`.
"""

import pytest

_PARTS = (
    "subject", "both_roles", "tellings", "shop_orders",
    "marketplace_hearing", "marketplace_reading", "marketplace_telling", "marketplace_shipping", "marketplace_outcomes",
    "shop_hearing", "shop_placing", "shop_finding", "shop_telling", "noise", "bent_rows",
)  # fmt: skip
# so that a failing assert shows its values, as in any test file
for _part in _PARTS:
    pytest.register_assert_rewrite(f"{__name__}.{_part}")

from orderhaven.testing.contract.marketplace import MarketplaceContract  # noqa: E402
from orderhaven.testing.contract.shop import ShopContract  # noqa: E402
from orderhaven.testing.contract.subject import (  # noqa: E402
    Break,
    Lost,
    MarketplaceSubject,
    Noise,
    On,
    ShopSubject,
)  # fmt: skip

__all__ = [
    "Break", "Lost", "MarketplaceContract", "MarketplaceSubject", "Noise", "On", "ShopContract", "ShopSubject",
]  # fmt: skip
