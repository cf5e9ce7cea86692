"""Which networks beside the internet this hub may call, as its operator says."""

import os

from orderhaven.core.networks import VARIABLE, NetworkPolicy, parse_policy
from orderhaven.core.translation import _


class NoNetwork(OSError):
    """What the operator names is no network. Its text is a sentence for whoever starts the hub."""


def allowed_networks() -> NetworkPolicy:
    """ORDERHAVEN_ALLOW_NETWORKS. Raises NoNetwork."""
    try:
        return parse_policy(os.environ.get(VARIABLE, ""))
    except ValueError as error:
        text = _(
            "{name} names '{word}', which is no network. Give networks as 192.168.1.0/24, or the word loopback, separated "
            "by commas.",
            name=VARIABLE,
            word=error,
        )
        raise NoNetwork(text) from None
