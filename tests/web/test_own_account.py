"""One's own account, and what of it the others see: nobody goes by another's name, and the journal says what changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from orderhaven.core.access import Role
from orderhaven.store.access import credentials
from orderhaven.store.models import Event, User

from .conftest import PASSWORD, House, browser


def rename(client: Any, name: str) -> None:
    client.post("/me/actions", {"act": "self", "name": name, "language": "", "time_zone": ""})


def journal(house: House) -> list[tuple[str, str]]:
    """Who did what, newest first."""
    rows = house.administrator.get(house.at("audit")).context["rows"]
    return [(row["who"], row["what"]) for row in rows]


@pytest.mark.parametrize("name", ["hub", "Orderhaven", "token erp", "Anna", "ANNA ", "Anna\u200b", "  "])
def test_nobody_goes_by_the_name_of_somebody_else(house: House, name: str) -> None:
    rename(house.operator, name)

    assert User.objects.get(email="bram@example.com").name == "Bram"


def test_who_comes_in_by_an_invitation_does_not_either(house: House) -> None:
    secret = credentials.invite(
        house.trade.link.merchant_id, "evi@example.com", Role.OPERATOR, datetime.now(UTC), "Anna"
    )

    taken = browser().post(f"/invitation/{secret}", {"name": "anna", "password": PASSWORD})
    free = browser().post(f"/invitation/{secret}", {"name": "Anna de Wit", "password": PASSWORD})

    assert (taken.status_code, free.status_code) == (422, 302)


def test_another_name_stands_in_the_journal_under_the_one_before(house: House) -> None:
    rename(house.operator, "Bram de Boer")

    assert journal(house)[0] == ("Bram", "Bram is called Bram de Boer now")


def test_what_makes_an_account_safer_or_less_safe_stands_in_the_journal(house: House) -> None:
    client = house.operator
    client.get("/me/second-factor")
    device = TOTPDevice.objects.get(user__email="bram@example.com")
    client.post("/me/second-factor", {"code": f"{totp(device.bin_key):06d}"})
    client.post("/me/actions", {"act": "password", "old": PASSWORD, "new": "quite another sentence"})
    client.post("/me/actions", {"act": "end_second_factor", "password": "quite another sentence"})

    assert journal(house)[:3] == [
        ("Bram", "Bram has no second factor any more"),
        ("Bram", "Bram has another password"),
        ("Bram", "Bram has a second factor"),
    ]


def test_an_account_for_which_many_passwords_were_tried_stands_in_the_journal_once(house: House) -> None:
    for _attempt in range(12):
        browser().post("/login", {"email": "bram@example.com", "password": "wrong"})

    assert Event.objects.filter(kind="account_locked").count() == 1
    assert journal(house)[0] == (
        "Orderhaven",
        "Many wrong passwords were tried for the account of Bram; who tries more must wait",
    )


def test_an_invitation_that_is_taken_back_stands_in_the_journal(house: House) -> None:
    house.administrator.post(house.at("users/actions"), {"act": "invite", "email": "evi@example.com", "role": "viewer"})
    [invitation] = house.administrator.get(house.at("users")).context["invitations"]

    house.administrator.post(house.at("users/actions"), {"act": "take_back", "invitation": invitation.pk})

    assert journal(house)[0] == ("Anna", "The invitation of somebody as viewer was taken back")


def test_who_comes_in_twice_at_once_is_in_once_and_breaks_nothing(house: House) -> None:
    secret = credentials.invite(
        house.trade.link.merchant_id, "evi@example.com", Role.OPERATOR, datetime.now(UTC), "Anna"
    )
    together = Barrier(3)

    def come_in(_: int) -> int:
        together.wait(10)
        try:
            return int(browser().post(f"/invitation/{secret}", {"name": "Evi", "password": PASSWORD}).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as clicks:
        statuses = list(clicks.map(come_in, range(3)))

    assert 302 in statuses
    assert max(statuses) < 500
    assert User.objects.get(email="evi@example.com").memberships.count() == 1
