"""Who asks: a token, its merchant, and what it may do. Nobody gets past this without one."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from orderhaven.actions.context import ActionContext
from orderhaven.api.errors import TooManyRequests
from orderhaven.api.rate_limit import RateLimitState
from orderhaven.api.services import Services
from orderhaven.core.access import Permission
from orderhaven.store.access import credentials


class ApiRequest(HttpRequest):
    """A request with a good token."""

    auth: ActionContext
    left: RateLimitState


class Bearer(HttpBearer):
    """A token that an administrator made: `Authorization: Bearer oh_...`."""

    openapi_description = "A token that an administrator made, in the web interface under Programs. It is shown once."

    def __init__(self, world: Services) -> None:
        super().__init__()
        self._world = world

    def authenticate(self, request: HttpRequest, token: str) -> ActionContext | None:
        """None when it is not good. Raises TooMany."""
        clock = self._world.clock()
        found = credentials.token(token.strip(), clock.now())
        if found is None:
            return None
        left = self._world.allowance.take(found.pk, clock.now())
        request.left = left  # type: ignore[attr-defined]
        if left.wait_s:
            raise TooManyRequests(left.wait_s)
        # a scope that this version does not know gives nothing
        permissions = frozenset(Permission(scope) for scope in found.scopes if scope in list(Permission))
        return ActionContext(
            f"token {found.name}",
            found.merchant_id,
            clock,
            self._world.transport,
            self._world.specs_by_name,
            permissions,
        )
