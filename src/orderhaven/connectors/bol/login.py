"""The token: client credentials against a bearer token of five minutes."""

import base64
from datetime import timedelta

from orderhaven.connectors.bol.shapes import Token
from orderhaven.connectors.kit.http import NoAnswer, Request, Response
from orderhaven.connectors.kit.refusals import not_allowed, refuse_wrong_clock
from orderhaven.connectors.kit.session import retry_after, shaped
from orderhaven.core.errors import RateLimited, TryLater, WrongAddress
from orderhaven.ports.connector import Outside

# bol blocks addresses that ask for many tokens: one try, and the token is kept (bol docs, "Authentication")
_CLOCKS_MAY_DIFFER = timedelta(minutes=5)
_PATH = "/token?grant_type=client_credentials"


class Login:
    def __init__(
        self, side: str, url: str, client_id: str, client_secret: str, outside: Outside, timeout_s: float
    ) -> None:
        self.url = url.rstrip("/")
        self._side = side
        self._outside = outside
        self._timeout_s = timeout_s
        pair = base64.b64encode(f"{client_id.strip()}:{client_secret.strip()}".encode()).decode()
        self._request = Request(
            "POST", f"{self.url}{_PATH}", {"Authorization": f"Basic {pair}", "Accept": "application/json"}
        )

    async def fetch(self) -> tuple[str, timedelta]:
        """A new token and how long it lives. Raises AuthRefused, AccessRefused, WrongAddress, RateLimited, TryLater."""
        try:
            response = await self._outside.transport(self._request, self._timeout_s)
        except NoAnswer as error:
            raise TryLater(f"{self._side}'s login {error}") from None
        self._refuse(response)
        token = shaped(response, Token, self._side)
        return token.access_token, timedelta(seconds=token.expires_in)

    def _refuse(self, response: Response) -> None:
        status = response.status
        if status in (400, 401, 403):
            clock = self._outside.clock
            refuse_wrong_clock(
                self._side, response, clock.now(), max(_CLOCKS_MAY_DIFFER, clock.in_real(self._timeout_s))
            )
            raise not_allowed(self._side, response, "the login does not take this client ID and secret")
        if status == 429:
            after = retry_after(response, self._outside.clock.now())
            raise RateLimited(f"{self._side}'s login asks to slow down", after)
        if status == 408 or status >= 500:
            raise TryLater(f"{self._side}'s login answered {status}")
        if status >= 300:
            raise WrongAddress(self.url, f"the login answered {status}")
