"""Where shops call when something happened there. What they say is not taken over: they are asked."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from orderhaven.actions.nudges import take_in
from orderhaven.ports.connector import NudgeVerdict
from orderhaven.web.merchant_context import clock

_LARGEST = 1024 * 1024  # bytes


@csrf_exempt
@require_POST
def nudge(request: HttpRequest, nudge_key: str) -> HttpResponse:
    """200 for whoever knows the secret, also when there is nothing to do: a shop gives up an address that fails."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > _LARGEST:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    outcome = take_in(nudge_key, headers, request.body, clock().now())
    return HttpResponse(status=401 if outcome is NudgeVerdict.REJECTED else 200)
