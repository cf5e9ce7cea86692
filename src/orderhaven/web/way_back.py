"""Where somebody came from, if that was here."""

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def is_ours(request: HttpRequest, address: str) -> bool:
    return url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())


def is_our_page(request: HttpRequest, path: str) -> bool:
    """A path here, not the name of a site, nor that of a route."""
    return path.startswith("/") and is_ours(request, path)


def way_back(request: HttpRequest, otherwise: str = "/") -> str:
    """The page that a form was on; `otherwise` when the browser does not say, or names another site."""
    came_from = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not came_from or not is_ours(request, came_from):
        return otherwise
    parts = urlsplit(came_from)
    back = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return back if is_our_page(request, back) else otherwise
