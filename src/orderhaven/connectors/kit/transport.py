"""The real network, by aiohttp: one request is one request."""

from math import inf

import aiohttp
from yarl import URL

from orderhaven import __version__
from orderhaven.connectors.kit.http import NoAnswer, Request, Response

_LARGEST_ANSWER = 32 * 1024 * 1024


class AioTransport:
    """Connections are kept and shared by every connector of one process. Make it inside the running loop; close it at the end."""

    def __init__(self) -> None:
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64, limit_per_host=16, keepalive_timeout=30),
            headers={"User-Agent": f"Orderhaven/{__version__}"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=True,
        )
        # aiohttp repeats a PUT by itself when a kept connection breaks; a telling must be one request, so nothing is repeated here
        self._client._retry_connection = False

    async def __call__(self, request: Request, timeout_s: float) -> Response:
        try:
            async with self._client.request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
                # to the moment, not to whole seconds
                timeout=aiohttp.ClientTimeout(total=timeout_s, ceil_threshold=inf),
            ) as reply:
                return Response(reply.status, reply.headers, await _whole(reply))  # headers find a name in any case
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise NoAnswer(f"cannot be reached ({type(error).__name__})", sent=False) from None
        except TimeoutError:
            raise NoAnswer("did not answer in time", sent=True) from None
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswer(f"broke off ({type(error).__name__})", sent=True) from None

    async def close(self) -> None:
        await self._client.close()


async def _whole(reply: aiohttp.ClientResponse) -> bytes:
    """Its body, read no further than an answer can be long: a small one may unpack to more than the memory holds."""
    parts: list[bytes] = []
    left = _LARGEST_ANSWER
    while not reply.content.at_eof():
        part = await reply.content.readany()
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise NoAnswer("answered more than can be right", sent=True)
    return b"".join(parts)
