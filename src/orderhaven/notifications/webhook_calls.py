"""Calls to programs: signed, made once, to no address of the hub's own network, and what their answers mean."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import aiohttp
from standardwebhooks import Webhook
from yarl import URL

from orderhaven import __version__
from orderhaven.certificates import trusted_authorities
from orderhaven.connectors.kit.http import GuardedResolver, NotReached
from orderhaven.core.networks import NetworkPolicy
from orderhaven.notifications import delivery_answers
from orderhaven.notifications.addresses import complaint
from orderhaven.store.notifications.deliveries import DeliveryResult

CALL_TIMEOUT_S = 10.0
_GONE = 410


def body_of(name: str, kind: str, facts: Mapping[str, Any]) -> bytes:
    """The same bytes for every attempt."""
    return json.dumps({"id": name, "kind": kind, **facts}, separators=(",", ":")).encode()


def headers_of(name: str, secret: str, body: bytes, now: datetime) -> dict[str, str]:
    """As https://www.standardwebhooks.com says, so that receivers check it with a library of theirs."""
    return {
        "Content-Type": "application/json",
        "Webhook-Id": name,
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": Webhook(secret).sign(name, now, body.decode()),
    }


class WebhookClient:
    """Make it inside the running loop, and close it at the end."""

    def __init__(self, *, reach: NetworkPolicy, timeout_s: float = CALL_TIMEOUT_S) -> None:
        self._reach = reach
        self._timeout_s = timeout_s
        self._resolver = GuardedResolver(reach)
        connector = aiohttp.TCPConnector(
            resolver=self._resolver, use_dns_cache=False, limit=100, limit_per_host=8, ssl=trusted_authorities()
        )
        self._client = aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": f"Orderhaven/{__version__}"},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),  # below
        )
        self._client._retry_connection = False  # an attempt is one request

    async def call(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[DeliveryResult, str]:
        """What came of it, and the answer for the log: never more of it than its status."""
        if complaint(url, self._reach):
            return DeliveryResult.LATER, delivery_answers.PRIVATE
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(url, headers, body)
        except TimeoutError:
            return DeliveryResult.LATER, delivery_answers.NOT_IN_TIME
        except aiohttp.ClientConnectorCertificateError:
            return DeliveryResult.LATER, delivery_answers.NOT_TRUSTED
        except aiohttp.ClientConnectorError as error:
            return DeliveryResult.LATER, delivery_answers.PRIVATE if isinstance(
                error.os_error, NotReached
            ) else delivery_answers.NOT_REACHED
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            return DeliveryResult.LATER, delivery_answers.NOT_REACHED
        except (aiohttp.ClientError, OSError):
            return DeliveryResult.LATER, delivery_answers.BROKE_OFF

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[DeliveryResult, str]:
        async with self._client.post(
            URL(url, encoded=True), headers=headers, data=body, allow_redirects=False
        ) as answer:
            if 200 <= answer.status < 300:
                return DeliveryResult.DONE, str(answer.status)
            return DeliveryResult.NEVER if answer.status == _GONE else DeliveryResult.LATER, str(answer.status)

    async def close(self) -> None:
        await self._client.close()
        await self._resolver.close()
