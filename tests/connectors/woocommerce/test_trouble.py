"""The connector on a shop in trouble: what it says of an order is true, whatever state the site is in."""

from datetime import timedelta

import pytest

from orderhaven.connectors.woocommerce.sandbox_auth import Rights
from orderhaven.connectors.woocommerce.sandbox_site import SiteState
from orderhaven.core.errors import AccountProblem, AuthRejected, HubError, OutcomeUnknown, SafeToRetry

from .conftest import Shop, order, run

TROUBLE = [state for state in SiteState if state is not SiteState.WELL]


@pytest.mark.parametrize("state", TROUBLE)
def test_what_is_said_of_an_order_is_what_the_shop_has(shop: Shop, state: SiteState) -> None:
    order_draft, connector = shop.order_draft(order()), shop.connector()
    run(connector.check())
    shop.sandbox.site.state = state

    said = "made"
    try:
        run(connector.create(order_draft, not_after=shop.clock.now() + timedelta(minutes=1)))
    except OutcomeUnknown:
        said = "unclear"
    except HubError:
        said = "not made"

    shop.sandbox.site.state = SiteState.WELL
    has = len(run(connector.find(["bol-1"])).get("bol-1", ()))
    assert has == {"made": 1, "not made": 0}.get(said, has)


@pytest.mark.parametrize(
    "state",
    [
        SiteState.MAINTENANCE,
        SiteState.FATAL,
        SiteState.BLOCKED_401,
        SiteState.BLOCKED_403,
        SiteState.FIREWALL_403,
    ],
)
def test_a_question_that_gets_no_answer_is_trouble_of_the_whole_connection(shop: Shop, state: SiteState) -> None:
    connector = shop.connector()
    shop.sandbox.site.state = state

    with pytest.raises((SafeToRetry, AccountProblem)):
        run(connector.find(["bol-1"]))


@pytest.mark.parametrize("rights", [rights for rights in Rights if rights is not Rights.READ_WRITE])
def test_a_key_that_lacks_a_right_is_refused_when_the_shop_is_connected(shop: Shop, rights: Rights) -> None:
    made = shop.sandbox.auth.add_key(rights)

    with pytest.raises(AuthRejected):
        run(shop.connector(key=made.key, secret=made.secret).check())
