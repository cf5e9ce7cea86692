"""What an account has of its own takes the place of what the spec says, and nothing else does."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import CancelReason
from orderhaven.core.errors import UnexpectedResponse
from orderhaven.ports.account import NOTHING_CHOSEN, AccountChoices, kept_of, read_account, spec_of_account
from orderhaven.ports.connector import AccountProfile, Capability, ConnectorSpec
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE as SPEC


def spec_with(spec: ConnectorSpec = SPEC, choices: AccountChoices = NOTHING_CHOSEN, **own: Any) -> ConnectorSpec:
    return spec_of_account(spec, kept_of(AccountProfile("1", "Ours", **own), spec), choices)


def test_an_account_with_nothing_of_its_own_has_the_spec_itself() -> None:
    assert spec_with() is SPEC


def test_what_an_account_lacks_is_gone_and_what_it_claims_is_not_there() -> None:
    without_cancel = replace(SPEC, capabilities=SPEC.capabilities - {Capability.ACCEPT})

    found = spec_with(without_cancel, lacks=frozenset({Capability.CANCEL, Capability.ACCEPT}))

    assert found.capabilities == without_cancel.capabilities - {Capability.CANCEL}


def test_only_the_limits_that_differ_are_kept() -> None:
    kept = kept_of(AccountProfile("1", "Ours", limits=replace(SPEC.limits, lines_per_confirmation=3)), SPEC)

    assert list(kept.limits) == ["lines_per_confirmation"]
    found = spec_of_account(replace(SPEC, limits=replace(SPEC.limits, concurrent_calls=9)), kept, AccountChoices())
    assert (found.limits.lines_per_confirmation, found.limits.concurrent_calls) == (3, 9)


def test_a_duration_of_an_account_comes_back_as_it_was() -> None:
    found = spec_with(limits=replace(SPEC.limits, visibility_delay=timedelta(minutes=7)))

    assert found.limits == replace(SPEC.limits, visibility_delay=timedelta(minutes=7))


def test_a_marketplace_whose_account_lists_carriers_takes_no_other() -> None:
    found = spec_with(carriers={"1": "PostNL", "2": "Nobody knows them"})

    assert found.carrier_code(Carrier.POSTNL) == "1"
    assert not found.takes_carrier(Carrier.DPD)


def test_an_account_without_a_carrier_that_is_known_here_takes_none_instead_of_any() -> None:
    assert not spec_with(replace(SPEC, carriers={}), carriers={"2": "Nobody knows them"}).takes_carrier(Carrier.DPD)
    assert replace(SPEC, carriers={}).takes_carrier(Carrier.DPD)


def test_the_way_out_for_other_carriers_is_the_accounts() -> None:
    spec = replace(SPEC, carriers={}, other_carrier="ZZZ")

    assert spec_with(spec, carriers={"1": "PostNL"}).carrier_code(Carrier.DPD) == ""
    assert spec_with(spec, carriers={"1": "PostNL", "ZZZ": "?"}).carrier_code(Carrier.DPD) == "ZZZ"
    assert spec_with(spec, carriers={"1": "PostNL", "9": "Other"}).carrier_code(Carrier.DPD) == "9"
    chosen = AccountChoices(carriers={"Y": "other"})
    assert spec_with(spec, chosen, carriers={"Y": "?"}).carrier_code(Carrier.DPD) == "Y"


def test_a_word_by_country_is_used_where_the_account_has_it_and_no_person_chose_another() -> None:
    spec = replace(SPEC, carriers={Carrier.DPD: "DPD-NL"}, carriers_from={"BE": {Carrier.DPD: "DPD-BE"}})
    both = {"DPD-NL": "DPD", "DPD-BE": "DPD Belgium"}

    assert spec_with(spec, carriers=both).carrier_code(Carrier.DPD, "BE") == "DPD-BE"
    assert spec_with(spec, carriers={"DPD-NL": "DPD"}).carrier_code(Carrier.DPD, "BE") == "DPD-NL"
    chosen = AccountChoices(carriers={"DPD-NL": "dpd"})
    assert spec_with(spec, chosen, carriers=both).carrier_code(Carrier.DPD, "BE") == "DPD-NL"


def test_a_reason_without_a_code_goes_as_another_reason() -> None:
    found = spec_with(replace(SPEC, reasons={}), reasons={"7": "Other", "8": "Sold out: no stock"})

    assert found.reason_code(CancelReason.BUYER_REQUEST) == "7"
    assert found.reason_code(CancelReason.OUT_OF_STOCK) == "8"


class Connector:
    def __init__(self, **own: Any) -> None:
        self._profile = AccountProfile("1", "Ours", **own)

    async def check(self) -> AccountProfile:
        return self._profile


@pytest.mark.parametrize(
    "own",
    [
        {"carriers": {"": "PostNL"}},
        {"reasons": {" ": "Other"}},
        {"carriers": {"x" * 201: "PostNL"}},
        {"limits": replace(SPEC.limits, lines_per_confirmation=0)},
        {"limits": replace(SPEC.limits, poll_floor=timedelta(0))},
        {"limits": replace(SPEC.limits, visibility_delay=timedelta(minutes=-1))},
        {"limits": replace(SPEC.limits, commands_per_call=20)},  # of a connector that sends one by one
    ],
)
def test_what_cannot_be_is_no_account(own: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponse):
        asyncio.run(read_account(Connector(**own), SPEC))


@pytest.mark.parametrize(
    "own", [{}, {"limits": SPEC.limits}, {"limits": replace(SPEC.limits, pieces_per_confirmation=1)}, {"carriers": {}}]
)
def test_what_can_be_is_taken(own: dict[str, Any]) -> None:
    profile = asyncio.run(read_account(Connector(**own), SPEC))

    assert profile == AccountProfile("1", "Ours", **own)
