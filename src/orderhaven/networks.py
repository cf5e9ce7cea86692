"""Which networks beside the internet this hub may call, as its operator says."""

import os

from orderhaven.core.language import _
from orderhaven.core.reach import VARIABLE, Reach, reach_of


class NoNetwork(OSError):
    """What the operator names is no network. Its text is a sentence for whoever starts the hub."""


def allowed_networks() -> Reach:
    """ORDERHAVEN_ALLOW_NETWORKS. Raises NoNetwork."""
    try:
        return reach_of(os.environ.get(VARIABLE, ""))
    except ValueError as error:
        text = _(
            "{name} names '{word}', which is no network. Give networks as 192.168.1.0/24, or the word loopback, separated "
            "by commas.",
            name=VARIABLE,
            word=error,
        )
        raise NoNetwork(text) from None
