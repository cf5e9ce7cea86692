"""The pairs that play the journeys."""

from orderhaven.testing.pairs import Pair, pairs_of_all

CONNECTORS = Pair("bol", "woocommerce")  # play against each other as well, whatever else is installed
PAIRS = pairs_of_all(CONNECTORS)
