"""All that a marketplace connector promises."""

from orderhaven.testing.contract.any_answer import MarketplaceWithAnyAnswer
from orderhaven.testing.contract.malformed_rows import MarketplaceWithMalformedRows
from orderhaven.testing.contract.marketplace_account import MarketplaceAccount
from orderhaven.testing.contract.marketplace_commands import MarketplaceCommands
from orderhaven.testing.contract.marketplace_outcomes import MarketplaceOutcomes
from orderhaven.testing.contract.marketplace_pulling import MarketplacePulling, MarketplacePullingWithFaults
from orderhaven.testing.contract.marketplace_reading import MarketplaceReading
from orderhaven.testing.contract.marketplace_shipping import MarketplaceCancelling, MarketplaceShipping
from orderhaven.testing.contract.noise import MarketplaceBehindNoise


class MarketplaceContract(
    MarketplacePulling,
    MarketplacePullingWithFaults,
    MarketplaceReading,
    MarketplaceShipping,
    MarketplaceCancelling,
    MarketplaceAccount,
    MarketplaceOutcomes,
    MarketplaceCommands,
    MarketplaceBehindNoise,
    MarketplaceWithMalformedRows,
    MarketplaceWithAnyAnswer,
):
    """Subclass it, name the subclass Test..., and give it a fixture `subject` that returns a new MarketplaceSubject."""
