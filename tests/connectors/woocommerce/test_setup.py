"""A wrong address, key, clock or version ends in one sentence at setup, and leaves nothing behind."""

from datetime import timedelta

import pytest

from orderhaven.connectors.kit.faults import HttpFaultKind
from orderhaven.connectors.woocommerce.calls import fingerprint, site_root
from orderhaven.connectors.woocommerce.sandbox_site import SiteState
from orderhaven.core.errors import AccessRejected, ClockOff, SafeToRetry, WrongAddress

from .conftest import Shop, run


def reason(shop: Shop, **settings: str) -> str:
    with pytest.raises(WrongAddress) as wrong:
        run(shop.connector(**settings).check())
    return wrong.value.values["reason"]


def test_a_good_account_says_what_it_has_and_is_left_untouched(shop: Shop) -> None:
    shop.sandbox.add_status("verzonden", "Verzonden")

    account = run(shop.connector().check())

    assert account.currencies == {"EUR"}
    assert "verzonden" in account.choices["completed_statuses"]
    assert account.fingerprint == "woocommerce shop.test"
    assert len(shop.sandbox.calls) == 6
    assert shop.sandbox.orders() == []


def test_one_shop_has_one_fingerprint() -> None:
    assert fingerprint("https://www.Shop.nl/") == fingerprint("http://shop.nl")
    assert fingerprint("https://shop.nl/a") != fingerprint("https://shop.nl/b")


def test_an_address_is_cleaned_of_what_does_not_matter() -> None:
    assert [site_root(text) for text in (" shop.nl/ ", "https://shop.nl/?a=1", "HTTP://localhost/x/")] == [
        "https://shop.nl",
        "https://shop.nl",
        "http://localhost/x",
    ]


@pytest.mark.parametrize("path", ["/wp-json", "/wp-admin/edit.php", "/wp-json/wc/v3", "/shop", "/index.php/a"])
def test_a_trailing_path_is_answered_with_the_right_address(shop: Shop, path: str) -> None:
    assert reason(shop, url="https://shop.test" + path) == "the shop's address is https://shop.test; use that"


def test_a_shop_in_a_folder_is_found_there(shop: Shop) -> None:
    shop.sandbox.site.folder = "/winkel"

    assert run(shop.connector().check()).fingerprint == "woocommerce shop.test/winkel"
    assert "https://shop.test/winkel; use" in reason(shop, url="https://shop.test/winkel/wp-admin")


def test_plain_http_is_refused_before_anything_is_sent(shop: Shop) -> None:
    assert "https" in reason(shop, url="http://shop.test")
    assert shop.sandbox.calls == []


def test_a_web_page_is_no_shop(shop: Shop) -> None:
    shop.sandbox.faults.add(HttpFaultKind.HTML, times=-1)

    assert "web page" in reason(shop)


def test_a_log_in_page_is_named(shop: Shop) -> None:
    shop.sandbox.site.wants_login = True

    assert "log-in page" in reason(shop)


def test_another_host_is_named_and_gets_no_key(shop: Shop) -> None:
    shop.sandbox.site.redirects_to = "https://www.shop.test"

    assert reason(shop).endswith("use https://www.shop.test")


def test_permalinks_that_are_off_are_named(shop: Shop) -> None:
    shop.sandbox.site.has_permalinks = False

    assert "permalinks" in reason(shop)


def test_a_wordpress_without_woocommerce_is_named(shop: Shop) -> None:
    shop.sandbox.site.has_woocommerce = False

    assert "not switched on" in reason(shop)


def test_no_such_host_is_for_later(shop: Shop) -> None:
    with pytest.raises(SafeToRetry, match="cannot be reached"):
        run(shop.connector(url="https://nobody.test").check())


def test_a_clock_that_is_off_is_named_before_the_signature_it_spoils(shop: Shop) -> None:
    shop.sandbox.site.clock_is_off_by = timedelta(minutes=-20)

    with pytest.raises(ClockOff, match="20 minutes apart"):
        run(shop.connector().check())


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize(("version", "fits"), [("9.8.5", False), ("9.9.0", True), ("10.1.2", True), ("8.0", False)])
def test_a_shop_that_cannot_find_orders_exactly_is_refused(shop: Shop, version: str, fits: bool, tells: bool) -> None:
    """By its version, or where that may not be read, by what it says of its order list."""
    shop.sandbox.site.version = version
    shop.sandbox.site.tells_system_status = tells

    if fits:
        assert run(shop.connector().check())
    else:
        assert "9.9" in reason(shop)


def test_a_firewall_is_named(shop: Shop) -> None:
    shop.sandbox.faults.add(HttpFaultKind.STATUS, status=403)

    with pytest.raises(AccessRejected, match="firewall"):
        run(shop.connector().check())


def test_a_closed_index_does_not_stand_in_the_way(shop: Shop) -> None:
    shop.sandbox.site.state = SiteState.LOGIN_ONLY

    assert run(shop.connector().check())
