"""The API as one piece: its parts, its errors, its description, and what is so for every answer."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, re_path, reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.docs import Swagger
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from orderhaven import __version__
from orderhaven.api import carriers, connections, description, feeds, links, order_actions, orders
from orderhaven.api.caller import Bearer
from orderhaven.api.errors import error_response, say_errors
from orderhaven.api.services import Services

View = Callable[..., HttpResponse]
NAMESPACE = "api"
# of the page on which the description can be tried; without a word about it, a checker on another host would be asked
_PAGE = {"validatorUrl": None, "defaultModelsExpandDepth": 0}


class Interface(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        return str(operation.view_func.__name__)

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**given)
        description.complete(schema)
        return schema


def make_api(world: Services) -> Interface:
    api = Interface(
        title=description.TITLE,
        version=__version__,
        description=description.INTRODUCTION,
        urls_namespace=NAMESPACE,
        docs=Swagger(_PAGE),
        docs_decorator=require_safe,
        auth=Bearer(world),
    )
    # an action's address would do for an order's
    for part in (order_actions, orders, carriers, feeds, connections, links):
        api.add_router("", part.router)
    say_errors(api)
    return api


def routes(api: Interface) -> tuple[list[URLPattern], str]:
    """As `include` takes them. Whatever else stands behind this address is an error that programs understand."""
    patterns: list[Any] = api.urls[0]
    own = [URLPattern(one.pattern, _polite(one.callback), one.default_args, one.name) for one in patterns]
    return [path("", _to_the_docs), *own, re_path(r"", _polite(lambda request: error_response("not-found")))], NAMESPACE


# below: what is so for every answer


def _to_the_docs(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse(f"{NAMESPACE}:openapi-view"))


def _polite(view: View) -> View:
    """HEAD is a GET without a body; what a token may still ask stands in the headers; nothing is kept on the way."""

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"
        response = view(request, *given, **named)
        if response.status_code == 405:
            response = error_response("method", Allow=_with_head(response.headers["Allow"]))
        _add_headers(request, response)
        if is_head:
            response.headers["Content-Length"] = str(len(response.content))
            response.content = b""
        return response

    return answered


def _with_head(allowed: str) -> str:
    methods = {one.strip() for one in allowed.split(",")}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def _add_headers(request: HttpRequest, response: HttpResponse) -> None:
    patch_vary_headers(response, ("Accept-Language", "Authorization"))
    response.headers.setdefault("Cache-Control", "no-store")
    left = getattr(request, "left", None)
    if left is not None:
        response.headers["RateLimit-Limit"] = str(left.burst)
        response.headers["RateLimit-Remaining"] = str(left.requests)
        response.headers["RateLimit-Reset"] = str(left.full_in_s)
