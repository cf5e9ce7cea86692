"""Who asks: a token, its merchant, and what it may do. Nobody gets past this without one."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from orderhaven.actions.hand import Hand
from orderhaven.api.allowance import Left
from orderhaven.api.errors import TooMany
from orderhaven.api.world import World
from orderhaven.core.access import Power
from orderhaven.store import access
from orderhaven.store.models import Token


class Asking(HttpRequest):
    """A request with a good token."""

    auth: Hand
    left: Left


class Bearer(HttpBearer):
    """A token that an administrator made: `Authorization: Bearer oh_...`."""

    openapi_description = "A token that an administrator made, in the web interface under Programs. It is shown once."

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def authenticate(self, request: HttpRequest, token: str) -> Hand | None:
        """None when it is not good. Raises TooMany."""
        clock = self._world.clock()
        found = access.token(token.strip(), clock.now())
        if found is None:
            return None
        left = self._world.allowance.take(found.pk, clock.now())
        request.left = left  # type: ignore[attr-defined]
        if left.wait_s:
            raise TooMany(left.wait_s)
        return Hand(
            f"token {found.name}", found.merchant_id, clock, self._world.transport, self._world.declared, _powers(found)
        )


def _powers(token: Token) -> frozenset[Power]:
    """A scope that this version does not know gives nothing."""
    return frozenset(Power(scope) for scope in token.scopes if scope in list(Power))
