"""`python -m tests.browser.arrange ADDRESSES`: a hub that is already in use, made by the actions that its pages call.

It works on the store that the environment names: two connections, the link between them, and a person of each role.
"""

import sys
from datetime import timedelta

import msgspec

from orderhaven.demo.sandboxes import Addresses
from orderhaven.ports.connector import clock_of_the_environment
from orderhaven.store.upkeep.setup import open_store
from tests.browser.outside import MARKETPLACE, SHOP
from tests.browser.users import PASSWORD, PERSONS, TRADE

_OFTEN = timedelta(minutes=1)


def main() -> None:
    at = msgspec.json.decode(sys.argv[1], type=Addresses)
    open_store()
    from orderhaven.actions import account_setup, links, users
    from orderhaven.actions.context import ActionContext
    from orderhaven.store.access import credentials
    from orderhaven.store.connections.merchants import only_merchant

    clock = clock_of_the_environment()
    now = clock.now()
    first, *others = PERSONS
    users.first_administrator(credentials.welcome_code(), first.email, first.name, PASSWORD, TRADE, now)
    for person in others:
        made = credentials.create_user(person.email, person.name, PASSWORD, now)
        credentials.set_role(only_merchant(), made.pk, person.role, now, first.name)
    context = ActionContext(first.name, only_merchant(), clock)
    account_setup.connect(context, MARKETPLACE, "bol", at.marketplace, _OFTEN)
    account_setup.connect(context, SHOP, "WooCommerce", at.shop, _OFTEN)
    links.link(context, "bol", "WooCommerce")


if __name__ == "__main__":
    main()
