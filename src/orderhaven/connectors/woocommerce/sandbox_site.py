"""The web site around the sandbox's API: what stands at its addresses, and what can be wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from orderhaven.connectors.kit.faults import BYTE_ORDER_MARK, PHP_WARNING
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.server import http_date
from orderhaven.connectors.woocommerce.sandbox_errors import CRITICAL, ApiError, fatal
from orderhaven.connectors.woocommerce.sandbox_responses import refusal, wants_json
from orderhaven.ports.connector import Clock

_HTML = {"content-type": "text/html; charset=UTF-8"}
_LOGIN = b'<!DOCTYPE html><html><body><form action="/wp-login.php"><input type="password"></form></body></html>'
_NOT_FOUND = b"<!DOCTYPE html><html><body>Page not found</body></html>"
_HOME_PAGE = b"<!DOCTYPE html><html><body>Welcome to the shop</body></html>"
_BLOCKED_PAGE = b"<html><head><title>Access denied</title></head><body>Blocked by a security rule</body></html>"
_LONGEST_LINE = 8_190  # as Apache has it (LimitRequestLine)
_TOO_LONG = (
    b"<html><head><title>414 Request-URI Too Long</title></head><body><h1>Request-URI Too Long</h1></body></html>"
)
_MAINTENANCE = "Briefly unavailable for scheduled maintenance. Check back in a minute."


class SiteState(StrEnum):
    """What a site in trouble answers; by the names that recordings give it, and one that they do not have."""

    WELL = ""
    MAINTENANCE = "maintenance"  # being updated
    NOTICE = "notice"  # a plugin writes a warning before the answer
    REAL_NOTICE = "real notice"  # the same by PHP itself
    BOM = "bom"  # a byte order mark before the answer
    FATAL = "fatal"  # a plugin breaks the API down
    FATAL_ON_NEW_ORDER = "fatal on new order"  # it breaks down when an order is saved, before it has its lines
    FATAL_AFTER_INSERT = "fatal after insert"  # it breaks down when an order is whole
    FATAL_ON_STATUS = "fatal on status"  # it breaks down when an order's status has changed
    DIES_BEFORE_STOCK = "dies before stock"  # PHP is killed, once, when the next order has its status and nothing else
    REFUSED_HALF_WAY = "refused half way"  # 400, and the order stays behind as a draft
    LOGIN_ONLY = "login only"  # nothing for whoever has no good key
    BLOCKED_401 = "blocked 401"  # a security plugin refuses everyone
    BLOCKED_403 = "blocked 403"
    FIREWALL_403 = "firewall 403"  # a web page before WordPress sees anything


_BEFORE_EACH_ANSWER = {
    SiteState.NOTICE: PHP_WARNING,
    SiteState.REAL_NOTICE: PHP_WARNING,
    SiteState.BOM: BYTE_ORDER_MARK,
}


@dataclass
class Site:
    """How this web site is set up, and what is wrong with it."""

    title: str = "Sandbox shop"
    version: str = "11.0.1"
    folder: str = ""  # "/shop" when WordPress stands in a folder
    has_permalinks: bool = True
    has_woocommerce: bool = True  # False: switched off, as for a moment while it is updated
    state: SiteState = SiteState.WELL
    redirects_to: str = ""  # another scheme or host, without a path
    wants_login: bool = False
    tells_system_status: bool = True
    has_fulfilments: bool = False
    clock_is_off_by: timedelta = timedelta(0)
    home_url: str = ""  # as WordPress has it configured; "": whatever address a request came to

    @property
    def filters_by_several(self) -> bool:
        """Whether `created_via` takes a list, since 9.9."""
        return tuple(int(part) for part in self.version.split(".")[:2]) >= (9, 9)


class WebSite:
    """`api` answers what goes to the REST server, by its path there."""

    def __init__(self, site: Site, clock: Clock, api: Callable[[Request, str], Response]) -> None:
        self._site = site
        self._clock = clock
        self._api = api

    async def handle(self, request: Request) -> Response:
        response = self._answer(request)
        date = http_date(int((self._clock.now() + self._site.clock_is_off_by).timestamp()))
        body = b"" if request.method == "HEAD" else response.body
        return Response(response.status, {**response.headers, "date": date}, body)

    def _answer(self, request: Request) -> Response:
        path, site = request.path, self._site
        if len(request.url) > _LONGEST_LINE:
            return Response(414, _HTML, _TOO_LONG)
        if site.state is SiteState.FIREWALL_403:
            return Response(403, _HTML, _BLOCKED_PAGE)
        if site.redirects_to:
            return Response(301, {**_HTML, "location": site.redirects_to + path})
        if site.state is SiteState.MAINTENANCE:
            return _maintenance(request)
        if site.wants_login and path != "/wp-login.php":
            return Response(302, {**_HTML, "location": "/wp-login.php"})
        if site.wants_login:
            return Response(200, _HTML, _LOGIN)
        if not path.startswith(site.folder + "/"):
            return Response(404, _HTML, _NOT_FOUND)
        path = path.removeprefix(site.folder)
        route = self._route(request, path)
        return _page(request, path, has_permalinks=site.has_permalinks) if route is None else self._rest(request, route)

    def _route(self, request: Request, path: str) -> str | None:
        """The REST server's own path; None where it is not asked."""
        if path in ("/", "/index.php") and "rest_route" in request.query:
            return request.query["rest_route"]
        if self._site.has_permalinks and (path == "/wp-json" or path.startswith("/wp-json/")):
            return path.removeprefix("/wp-json")
        return None

    def _rest(self, request: Request, route: str) -> Response:
        if self._site.state is SiteState.FATAL:
            return broken_down(request)
        response = self._api(request, route)
        before = _BEFORE_EACH_ANSWER.get(self._site.state, b"")
        return Response(response.status, response.headers, before + response.body) if before else response


def broken_down(request: Request) -> Response:
    """A fatal error of PHP, wherever it happens: what was saved before it stays."""
    if wants_json(request):
        return refusal(fatal())
    return Response(500, _HTML, f"<!DOCTYPE html><html><body><p>{CRITICAL}</p></body></html>".encode())


def home_of(request: Request, site: Site) -> str:
    parts = urlsplit(request.url)
    return site.home_url or f"{parts.scheme}://{parts.netloc}{site.folder}"


def _maintenance(request: Request) -> Response:
    wait = {"retry-after": "600"}
    if wants_json(request):
        told = refusal(ApiError(503, "wp_die", _MAINTENANCE))
        return Response(503, {**told.headers, **wait}, told.body)
    return Response(503, {**_HTML, **wait}, f"<!DOCTYPE html><html><body>{_MAINTENANCE}</body></html>".encode())


def _page(request: Request, path: str, *, has_permalinks: bool) -> Response:
    """What WordPress shows. Without permalinks every address is the home page, whatever is sent there."""
    if has_permalinks and path != "/":
        return Response(404, _HTML, _NOT_FOUND)
    if path.endswith("/") or request.method not in ("GET", "HEAD"):
        return Response(200, _HTML, _HOME_PAGE)
    address, _, query = request.url.partition("?")
    return Response(301, {**_HTML, "location": f"{address}/{'?' * bool(query)}{query}"})
