"""The sandbox's door: who may come in, with which media types, how often, and what goes wrong on the way."""

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta

from orderhaven.connectors.bol.sandbox_rules import MEDIA_TYPE, ApiProblem
from orderhaven.connectors.kit.http import Request, Response

TOKEN_LIFE = timedelta(seconds=299)
TOKENS_BEGIN_WITH = "sandbox."


class BolSandboxAuth:
    """`limits`: endpoint -> (calls, in how long), as `{"GET /retailer/orders": (7, timedelta(minutes=3))}`."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.is_active = True  # the retailer's account
        self.limits: dict[str, tuple[int, timedelta]] = {}
        self._tokens: dict[str, datetime] = {}  # token -> when it ends
        self._issued = 0
        self._windows: dict[str, tuple[datetime, int]] = {}  # endpoint -> begin of its window, calls in it

    def sign_in(self, request: Request, now: datetime) -> Response:
        """POST /token."""
        query = request.query
        if request.method != "POST":
            return _refused(405, "method_not_allowed")
        if "client_secret" in query or query.get("grant_type") != "client_credentials":
            return _refused(400, "invalid_request")
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if request.headers.get("authorization", "") != f"Basic {pair}":
            return _refused(401, "unauthorized_client")
        self._tokens = {token: ends_at for token, ends_at in self._tokens.items() if ends_at > now}
        self._issued += 1
        token = f"{TOKENS_BEGIN_WITH}{self._issued}.{self.client_id}"
        self._tokens[token] = now + TOKEN_LIFE
        body = f'{{"access_token":"{token}","token_type":"Bearer","expires_in":299,"scope":"RETAILER"}}'
        return Response(200, {"content-type": "application/json"}, body.encode())

    def expire_tokens(self) -> None:
        """All tokens end now, as when bol restarts its login."""
        self._tokens.clear()

    def enter(self, request: Request, endpoint: str, now: datetime) -> Mapping[str, str]:
        """Headers about the limit. Raises Problem."""
        self._check_token(request, now)
        headers = self._count(endpoint, now) if endpoint in self.limits else {}
        if MEDIA_TYPE not in (part.strip() for part in request.headers.get("accept", "").split(",")):
            raise ApiProblem(406, "Not acceptable")
        if request.method in ("POST", "PUT") and request.headers.get("content-type") != MEDIA_TYPE:
            raise ApiProblem(415, "Unsupported media type")
        return headers

    def _check_token(self, request: Request, now: datetime) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        ends_at = self._tokens.get(token)
        if scheme != "Bearer" or ends_at is None:
            raise ApiProblem(401, "JWT is missing or not known.", title="Invalid JWT")
        if ends_at <= now:
            raise ApiProblem(401, f"JWT expired at {ends_at:%Y-%m-%dT%H:%M:%SZ}.", title="Expired JWT")
        if not self.is_active:
            raise ApiProblem(403, "Account is not active, access denied.", title="Forbidden")

    def _count(self, endpoint: str, now: datetime) -> Mapping[str, str]:
        most, span = self.limits[endpoint]
        begin, calls = self._windows.get(endpoint, (now, 0))
        if now - begin >= span:
            begin, calls = now, 0
        reset = str(-((now - begin - span) // timedelta(seconds=1)))
        left = max(most - calls - 1, 0)
        headers = {"x-ratelimit-limit": str(most), "x-ratelimit-remaining": str(left), "x-ratelimit-reset": reset}
        if calls >= most:
            raise ApiProblem(429, "Too many requests", headers={**headers, "retry-after": reset})
        self._windows[endpoint] = (begin, calls + 1)
        return headers


def _refused(status: int, error: str) -> Response:
    return Response(status, {"content-type": "application/json"}, f'{{"error":"{error}"}}'.encode())
