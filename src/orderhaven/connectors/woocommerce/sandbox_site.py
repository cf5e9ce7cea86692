"""The web site around the sandbox's API: what stands at its addresses, and what can be wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import urlsplit

from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.woocommerce.sandbox_replies import refusal, reply
from orderhaven.ports.clock import Clock

_HTML = {"content-type": "text/html; charset=UTF-8"}
_LOGIN = b'<!DOCTYPE html><html><body><form action="/wp-login.php"><input type="password"></form></body></html>'
_HOME = b"<!DOCTYPE html><html><head><title>Sandbox shop</title></head><body>Welcome</body></html>"
_NOT_FOUND = b"<!DOCTYPE html><html><body>Page not found</body></html>"
# of WordPress 7.0 with WooCommerce 11.0 and nothing else
_NAMESPACES = [
    "oembed/1.0", "wc/v3", "wc/v1", "wc/pos/v1/catalog", "jetpack/v4", "wc-admin", "wc-analytics", "wc/store",
    "wc/store/v1", "wc/private", "wc/v2", "wc-admin-email", "wc-telemetry", "wccom-site/v3", "wp-abilities/v1", "wp/v2",
    "wp-site-health/v1", "wp-block-editor/v1",
]  # fmt: skip


@dataclass
class Site:
    """How this web site is set up, and what is wrong with it."""

    title: str = "Sandbox shop"
    version: str = "11.0.1"
    folder: str = ""  # "/shop" when WordPress stands in a folder
    has_permalinks: bool = True
    has_woocommerce: bool = True  # False: switched off, as for a moment while it is updated
    redirects_to: str = ""  # another scheme or host, without a path
    wants_login: bool = False
    tells_system_status: bool = True
    index_is_open: bool = True
    has_fulfilments: bool = False
    clock_is_off_by: timedelta = timedelta(0)
    # "draft": 400 and a draft stays; "pending": 500 and an order without lines stays; "whole": 500 though all of it is there
    breaks_next_create: str = ""
    home_url: str = ""  # as WordPress has it configured; "": whatever address a request came to

    @property
    def filters_by_several(self) -> bool:
        """Whether `created_via` takes a list, since 9.9."""
        return tuple(int(part) for part in self.version.split(".")[:2]) >= (9, 9)


class WebSite:
    def __init__(self, site: Site, clock: Clock, api: Callable[[Request, str], Response]) -> None:
        self._site = site
        self._clock = clock
        self._api = api

    async def handle(self, request: Request) -> Response:
        response = self._answer(request)
        date = _http_date(int((self._clock.now() + self._site.clock_is_off_by).timestamp()))
        return Response(response.status, {**response.headers, "date": date}, response.body)

    def _answer(self, request: Request) -> Response:
        path = request.path
        if self._site.redirects_to:
            return Response(301, {**_HTML, "location": self._site.redirects_to + path})
        if self._site.wants_login and path != "/wp-login.php":
            return Response(302, {**_HTML, "location": "/wp-login.php"})
        if self._site.wants_login:
            return Response(200, _HTML, _LOGIN)
        if not path.startswith(self._site.folder + "/"):
            return Response(404, _HTML, _NOT_FOUND)
        path = path.removeprefix(self._site.folder)
        if path == "/" and request.query.get("rest_route") == "/":
            return self._index(request)
        if not self._site.has_permalinks:
            return Response(200, _HTML, _HOME)  # the front controller knows no such address, and shows its home page
        if not path.startswith("/wp-json"):
            return Response(404, _HTML, _NOT_FOUND)
        return self._index(request) if path in ("/wp-json", "/wp-json/") else self._api(request, path)

    def _index(self, request: Request) -> Response:
        if not self._site.index_is_open:
            return refusal(401, "rest_cannot_access", "Only authenticated users can access the REST API.")
        home = home_of(request, self._site)
        return reply(
            {
                "name": self._site.title,
                "url": home,
                "home": home,
                "namespaces": _NAMESPACES if self._site.has_woocommerce else [*filter(_is_of_wordpress, _NAMESPACES)],
            }
        )


def _is_of_wordpress(namespace: str) -> bool:
    return namespace.startswith(("oembed", "wp"))


def home_of(request: Request, site: Site) -> str:
    parts = urlsplit(request.url)
    return site.home_url or f"{parts.scheme}://{parts.netloc}{site.folder}"


@lru_cache(maxsize=64)
def _http_date(moment: int) -> str:
    return format_datetime(datetime.fromtimestamp(moment, UTC), usegmt=True)
