"""All that a marketplace connector promises."""

from orderhaven.testing.contract.bent_rows import MarketplaceWithABentRow
from orderhaven.testing.contract.marketplace_hearing import MarketplaceHearing, MarketplaceHearingWithFaults
from orderhaven.testing.contract.marketplace_outcomes import MarketplaceOutcomes
from orderhaven.testing.contract.marketplace_reading import MarketplaceReading
from orderhaven.testing.contract.marketplace_shipping import MarketplaceCancelling, MarketplaceShipping
from orderhaven.testing.contract.marketplace_telling import MarketplaceTelling
from orderhaven.testing.contract.noise import MarketplaceBehindNoise


class MarketplaceContract(
    MarketplaceHearing,
    MarketplaceHearingWithFaults,
    MarketplaceReading,
    MarketplaceShipping,
    MarketplaceCancelling,
    MarketplaceOutcomes,
    MarketplaceTelling,
    MarketplaceBehindNoise,
    MarketplaceWithABentRow,
):
    """Subclass it, name the subclass Test..., and give it a fixture `subject` that returns a new MarketplaceSubject."""
