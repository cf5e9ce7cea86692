"""All that a shop connector promises."""

from orderhaven.testing.contract.any_answer import ShopWithAnyAnswer
from orderhaven.testing.contract.malformed_rows import ShopWithMalformedRows
from orderhaven.testing.contract.noise import ShopBehindNoise
from orderhaven.testing.contract.shop_commands import ShopCommands
from orderhaven.testing.contract.shop_creation import ShopCreation
from orderhaven.testing.contract.shop_lookups import ShopLookups
from orderhaven.testing.contract.shop_pulling import ShopPulling, ShopReading


class ShopContract(
    ShopCreation,
    ShopLookups,
    ShopReading,
    ShopPulling,
    ShopCommands,
    ShopBehindNoise,
    ShopWithMalformedRows,
    ShopWithAnyAnswer,
):
    """Subclass it, name the subclass Test..., and give it a fixture `subject` that returns a new ShopSubject."""
