"""What a connector may say of a call from outside: a webhook is a nudge to hear soon, and never news in itself.

A connector that declares a `webhook` gives a function of this shape. It is pure: it judges a call by its headers, its
body and the secret that both sides know, and touches nothing. What the call tells is not taken over, so a repeated, late
or invented one can do no more than have the other side asked, which the hub does of its own accord anyway.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum


class Nudge(StrEnum):
    HEARD = "heard"  # signed with the secret, and about something that is worth hearing now
    IGNORED = "ignored"  # nothing to do: another topic, or the greeting with which the other side tries the address
    REFUSED = "refused"  # not signed, or with another secret


Webhook = Callable[[Mapping[str, str], bytes, str], Nudge]
"""Called with (headers, body, secret): names of headers in small letters, the body as it came. It compares signatures in
constant time, and raises nothing whatever it is given."""
