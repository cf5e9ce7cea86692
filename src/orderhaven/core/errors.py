"""What can go wrong, sorted by whose turn it is.

HubError
├── SafeToRetry           nobody's turn: the call had no effect; back off, repeat
│   └── RateLimited       the side said how long to wait
├── OutcomeUnknown        ours: the call may have happened; verify before repeating
├── OrderProblem          the merchant's, this order: block it with a sentence, go on with the rest
│   ├── UnknownProduct
│   ├── UnknownCarrier
│   ├── CurrencyRefused
│   ├── OrderRejected     the side said no and why
│   └── OrderMissing      the side does not know this order (any more)
├── AccountProblem        the merchant's, this connection: end the run, pause, one notification
│   ├── AuthRejected      the key is not good
│   │   └── MayNotWrite   the key may only read
│   ├── AccessRejected    something else keeps us out: a plug-in, a firewall, an account that is not active
│   ├── WrongAddress      the URL is not what it should be
│   ├── ClockOff          this machine's clock differs too much from the side's
│   └── OtherAccount      the keys open another account than the one that was connected
└── UnexpectedResponse    ours: a reply nobody has seen before; block it with the redacted evidence

Errors carry a problem kind and its values instead of a finished sentence, so that every face (CLI, web, API, mail)
says it in the reader's language: see `orderhaven.core.problems`.
"""

import re
from collections.abc import Mapping
from datetime import timedelta

from orderhaven.core.problems import ProblemKind
from orderhaven.core.sentences import sentence


class HubError(Exception):
    """Anything Orderhaven raises on purpose."""


class SafeToRetry(HubError):
    """It did not happen and may work later. `after` is what the other side asked us to wait, if it said."""

    def __init__(self, cause: str, after: timedelta | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.after = after


class RateLimited(SafeToRetry):
    """The other side counts our calls and has had enough for now."""


class OutcomeUnknown(HubError):
    """The call was sent and no usable answer came: it may have happened."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class _Problem(HubError):
    def __init__(self, kind: ProblemKind, **values: str) -> None:
        super().__init__(sentence(kind, values))
        self.kind = kind
        self.values: Mapping[str, str] = values


class OrderProblem(_Problem):
    """The merchant must do something about this one order."""


class UnknownProduct(OrderProblem):
    """A line names a product that the shop does not have."""

    def __init__(self, sku: str, title: str) -> None:
        super().__init__(ProblemKind.UNKNOWN_PRODUCT, sku=sku, title=title)


class UnknownCarrier(OrderProblem):
    """The marketplace wants a carrier and the code does not tell which one it is."""

    def __init__(self, code: str, candidates: str) -> None:
        super().__init__(ProblemKind.UNKNOWN_CARRIER, tracking_number=code, candidates=candidates)


class CurrencyRefused(OrderProblem):
    """The order is in a currency that the shop does not have."""

    def __init__(self, currency: str) -> None:
        super().__init__(ProblemKind.CURRENCY_REFUSED, currency=currency)


class OrderRejected(OrderProblem):
    """The other side understood the request and refuses it.

    `alike` is the same for every order that is refused for this cause: status, code and field, nothing of the order itself.
    Left out, it is the reason without its numbers.
    """

    def __init__(self, side: str, reason: str, alike: str = "") -> None:
        super().__init__(ProblemKind.REJECTED, side=side, reason=reason)
        self.alike = alike or without_numbers(reason)


def without_numbers(reason: str) -> str:
    """What the refusals of several orders have in common."""
    return re.sub(r"\d+", "#", reason)


class OrderMissing(OrderProblem):
    """The other side listed or took this order and now says that it does not exist."""

    def __init__(self, side: str, ref: str) -> None:
        super().__init__(ProblemKind.ORDER_MISSING, side=side, ref=ref)


class AccountProblem(_Problem):
    """The merchant must do something about this connection; nothing else can go on with it."""


class AuthRejected(AccountProblem):
    """Key or secret is wrong, expired, or lacks a permission."""

    def __init__(self, side: str, reason: str) -> None:
        super().__init__(ProblemKind.AUTH_REJECTED, side=side, reason=reason)


class MayNotWrite(AuthRejected):
    """The key is the right one and may only read. That is no hiccup: no later try goes better."""


class AccessRejected(AccountProblem):
    """Something other than the key keeps us out. `reason` says what: a plug-in, a firewall, an account that is not active."""

    def __init__(self, side: str, reason: str) -> None:
        super().__init__(ProblemKind.ACCESS_REJECTED, side=side, reason=reason)


class WrongAddress(AccountProblem):
    """The URL answers, but not as this API does."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(ProblemKind.WRONG_ADDRESS, url=url, reason=reason)


class ClockOff(AccountProblem):
    """This machine's clock and theirs differ by more than tokens and windows allow."""

    def __init__(self, side: str, seconds: int) -> None:
        super().__init__(ProblemKind.CLOCK_OFF, side=side, seconds=str(seconds))


class OtherAccount(AccountProblem):
    """Nothing of this account may be mixed with what is kept of the one that was connected. No later try goes better."""

    def __init__(self, side: str) -> None:
        super().__init__(ProblemKind.OTHER_ACCOUNT, side=side)


class UnexpectedResponse(HubError):
    """A reply, word or shape that nobody has seen. `evidence` is redacted by whoever raises it."""

    def __init__(self, cause: str, evidence: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.evidence = evidence
