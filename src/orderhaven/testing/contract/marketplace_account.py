"""What a marketplace's account has of its own is what its sandbox says, and goes out word for word."""

import pytest

from orderhaven.core.commands import CancelReason
from orderhaven.ports.connector import Capability
from orderhaven.testing.contract.commands import ONE_LINE, cancellation_of, sold
from orderhaven.testing.contract.marketplace_shipping import cancelled
from orderhaven.testing.contract.requirement import requires
from orderhaven.testing.contract.subject import MarketplaceSubject


class MarketplaceAccount:
    @requires()
    async def test_a_carrier_that_the_account_lost_is_gone_with_the_next_reading(
        self, subject: MarketplaceSubject
    ) -> None:
        marketplace = await subject.warm()
        if subject.account is None or not subject.account.carriers:
            pytest.skip(f"at {subject.spec.title} no account has carriers of its own")
        assert subject.lose_carrier is not None, "a subject whose account lists carriers needs lose_carrier"
        code = next(iter(subject.spec.carriers.values()))

        subject.lose_carrier(code)
        await subject.read_account(marketplace)

        assert code not in subject.account.carriers
        assert code not in subject.spec.carriers.values()

    @requires(Capability.CANCEL)
    async def test_every_reason_to_cancel_is_taken_by_its_word(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()

        for reason in CancelReason:
            order = await sold(subject, marketplace, ONE_LINE)
            await cancelled(subject, marketplace, cancellation_of(subject.spec, order, reason))
