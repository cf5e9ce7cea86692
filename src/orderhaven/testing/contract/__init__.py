"""The contract suites. A connector joins with one class and one fixture:

    class TestMine(MarketplaceContract):
        @pytest.fixture
        def subject(self) -> MarketplaceSubject:
            return MarketplaceSubject(...)

Which requirements are tested follows from its spec: `capabilities`, `limits` and `carriers`.
"""

from pkgutil import iter_modules

import pytest

# so that a failing assert shows its values, as in any test file
for _part in iter_modules(__path__):
    pytest.register_assert_rewrite(f"{__name__}.{_part.name}")

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
