"""`python -m tests.browser.arrange ADDRESSES`: a hub that is already in use, made by the actions that its pages call.

It works on the store that the environment names: two connections, the link between them, and a person of each role.
"""

import sys
from datetime import timedelta

import msgspec

from orderhaven.demo.sandboxes import Addresses
from orderhaven.ports.clock import clock_of_the_environment
from orderhaven.store.setup import open_store
from tests.browser.outside import MARKETPLACE, SHOP
from tests.browser.persons import PASSWORD, PERSONS, TRADE

_OFTEN = timedelta(minutes=1)


def main() -> None:
    at = msgspec.json.decode(sys.argv[1], type=Addresses)
    open_store()
    from orderhaven.actions import connecting, links, people
    from orderhaven.actions.hand import Hand
    from orderhaven.store import access
    from orderhaven.store.merchants import only_merchant

    clock = clock_of_the_environment()
    now = clock.now()
    first, *others = PERSONS
    people.first_administrator(access.welcome_code(), first.email, first.name, PASSWORD, TRADE, now)
    for person in others:
        made = access.make_person(person.email, person.name, PASSWORD, now)
        access.set_role(only_merchant(), made.pk, person.role, now, first.name)
    hand = Hand(first.name, only_merchant(), clock)
    connecting.connect(hand, MARKETPLACE, "bol", at.marketplace, _OFTEN)
    connecting.connect(hand, SHOP, "WooCommerce", at.shop, _OFTEN)
    links.link(hand, "bol", "WooCommerce")


if __name__ == "__main__":
    main()
