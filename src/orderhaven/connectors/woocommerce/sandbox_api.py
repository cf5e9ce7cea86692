"""The sandbox's REST server: who may come in, which route it is, and what every route has in common."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.not_simulated import not_simulated
from orderhaven.connectors.woocommerce.sandbox_auth import Door, Unauthorised, Visitor
from orderhaven.connectors.woocommerce.sandbox_errors import ApiError, Unplayed, no_route
from orderhaven.connectors.woocommerce.sandbox_not_simulated import reason_not_played
from orderhaven.connectors.woocommerce.sandbox_parameters import Parameters
from orderhaven.connectors.woocommerce.sandbox_responses import SandboxRequest, SandboxResponse, refusal, written
from orderhaven.connectors.woocommerce.sandbox_schema import check_params
from orderhaven.connectors.woocommerce.sandbox_site import Site, SiteState, broken_down, home_of
from orderhaven.ports.connector import Clock

API = "/wc/v3"
# what a REST server says to a visitor whom a plugin keeps out
_KEPT_OUT: Mapping[SiteState, ApiError] = {
    SiteState.LOGIN_ONLY: ApiError(401, "rest_not_logged_in", "You are not currently logged in."),
    SiteState.BLOCKED_401: ApiError(401, "rest_login_required", "Only authenticated users can access the REST API."),
    SiteState.BLOCKED_403: ApiError(403, "rest_forbidden", "REST API access is restricted."),
}
# of WordPress 7.0 with WooCommerce 11.0 and nothing else
_NAMESPACES = [
    "oembed/1.0", "wc/v3", "wc/v1", "wc/pos/v1/catalog", "jetpack/v4", "wc-admin", "wc-analytics", "wc/store",
    "wc/store/v1", "wc/private", "wc/v2", "wc-admin-email", "wc-telemetry", "wccom-site/v3", "wp-abilities/v1", "wp/v2",
    "wp-site-health/v1", "wp-block-editor/v1",
]  # fmt: skip


CheckBody: TypeAlias = Callable[[Mapping[str, Any]], None]  # raises ApiError


class BrokenDown(Exception):
    """A fatal error of PHP in the middle of an answer."""


@dataclass(frozen=True)
class Route:
    """`answer` is called with what was asked and the groups of `path`, a regular expression without its namespace."""

    method: str
    path: str
    answer: Callable[..., SandboxResponse]
    parameters: Callable[[], Parameters] = dict
    check_body: CheckBody | None = None  # None: the body may be anything
    is_public: bool = False
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", re.compile(self.path, re.IGNORECASE))

    @property
    def forbidden(self) -> str:
        """What a visitor without the right to it cannot do, in WooCommerce's word."""
        if self.path.endswith("/batch"):
            return "batch"
        if self.method == "POST" and not self.path.endswith(r"(\d+)"):
            return "create"
        return {"GET": "view", "DELETE": "delete"}.get(self.method, "edit")


def updates(path: str, answer: Callable[..., SandboxResponse], check_body: CheckBody | None = None) -> list[Route]:
    """WordPress edits a thing by any of three methods."""
    return [Route(method, path, answer, check_body=check_body) for method in ("PUT", "PATCH", "POST")]


class Api:
    def __init__(self, clock: Clock, door: Door, site: Site, routes: Iterable[Route]) -> None:
        self._clock = clock
        self._door = door
        self._site = site
        self._routes: Sequence[Route] = [
            *routes,
            Route("GET", "", lambda asked: SandboxResponse({"namespace": "wc/v3", "routes": {}}), is_public=True),
            Route(
                "OPTIONS", ".*", lambda asked: SandboxResponse({"namespace": "wc/v3", "endpoints": []}), is_public=True
            ),
        ]

    def answer(self, request: Request, path: str) -> Response:
        asked = SandboxRequest(request)
        try:
            return written(asked, self._answered(asked, path.rstrip("/")))
        except Unauthorised as refused:
            return refusal(ApiError(401, refused.code, refused.message))
        except ApiError as error:
            return refusal(error)
        except BrokenDown:
            return broken_down(request)
        except Unplayed as unplayed:
            return not_simulated(str(unplayed))

    def _answered(self, asked: SandboxRequest, path: str) -> SandboxResponse:
        """WordPress looks at what was sent before it looks at who sent it, and at both before WooCommerce does."""
        visitor = self._admitted(asked.request)
        if path == "":
            return self._index(asked.request)
        route, groups = self._route(asked.method, path)
        check_params(route.parameters(), asked.query)
        if route.check_body is not None:
            route.check_body(asked.body)
        if visitor is not Visitor.MANAGER and not route.is_public:
            raise _forbidden(route, visitor)
        return route.answer(asked, *groups)

    def _admitted(self, request: Request) -> Visitor:
        """Keys of WooCommerce count at its own addresses only; elsewhere everyone is nobody."""
        now = int(self._clock.now().timestamp())
        visitor, problem = Visitor.NOBODY, None
        if "/wp-json/wc/" in request.path:
            try:
                visitor = self._door.admit(request, now, self._site.home_url)
            except Unauthorised as refused:
                problem = refused
        kept_out = _KEPT_OUT.get(self._site.state)
        if kept_out and (visitor is Visitor.NOBODY or self._site.state is not SiteState.LOGIN_ONLY):
            raise kept_out
        if problem is not None:
            raise problem
        return visitor

    def _route(self, method: str, path: str) -> tuple[Route, tuple[str, ...]]:
        wanted = "GET" if method == "HEAD" else method
        if self._site.has_woocommerce and path.lower().startswith(API):
            below = path[len(API) :]
            for route in self._routes:
                found = route.pattern.fullmatch(below) if route.method == wanted else None
                if found:
                    return route, found.groups()
        if self._site.has_woocommerce and (reason := reason_not_played(method, path)):
            raise Unplayed(reason)
        raise no_route()

    def _index(self, request: Request) -> SandboxResponse:
        home = home_of(request, self._site)
        all_ = self._site.has_woocommerce
        namespaces = [one for one in _NAMESPACES if all_ or one.startswith(("oembed", "wp"))]
        return SandboxResponse({"name": self._site.title, "url": home, "home": home, "namespaces": namespaces})


def _forbidden(route: Route, visitor: Visitor) -> ApiError:
    status = 401 if visitor is Visitor.NOBODY else 403
    return ApiError(status, f"woocommerce_rest_cannot_{route.forbidden}", "Sorry, you cannot list resources.")
