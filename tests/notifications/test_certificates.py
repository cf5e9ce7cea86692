"""Webhooks and mail servers whose certificate is of an authority of one's own."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from socket import create_server
from threading import Thread

import pytest
from aiohttp import web

from orderhaven.core.networks import EVERYWHERE
from orderhaven.notifications import delivery_answers
from orderhaven.notifications.mail import MailServer, enveloped, send
from orderhaven.notifications.templates import MailText
from orderhaven.notifications.webhook_calls import WebhookClient
from orderhaven.store.notifications.deliveries import DeliveryResult
from tests.authority import NOW, Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def called(server: ssl.SSLContext) -> tuple[DeliveryResult, str]:
    async def run() -> tuple[DeliveryResult, str]:
        async def thanks(request: web.BaseRequest) -> web.Response:
            return web.Response()

        runner = web.ServerRunner(web.Server(thanks, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server).start()
        caller = WebhookClient(reach=EVERYWHERE)
        try:
            return await caller.call(f"https://127.0.0.1:{runner.addresses[0][1]}/", {}, b"{}")
        finally:
            await caller.close()
            await runner.cleanup()

    return asyncio.run(run())


def test_a_webhook_that_is_not_trusted_says_so(authority: Authority) -> None:
    assert called(authority.serves()) == (DeliveryResult.LATER, delivery_answers.NOT_TRUSTED)


def test_a_webhook_of_an_authority_that_the_operator_names_is_called(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERHAVEN_CA_FILE", str(authority.file))

    assert called(authority.serves()) == (DeliveryResult.DONE, "200")


@pytest.fixture
def mail_server(authority: Authority) -> Iterator[MailServer]:
    """One that greets, and closes at once."""
    context = authority.serves()
    listening = create_server(("127.0.0.1", 0))

    def greet() -> None:
        with suppress(OSError):
            connection, _ = listening.accept()
            with context.wrap_socket(connection, server_side=True) as talk:
                talk.sendall(b"421 not now\r\n")

    greeting = Thread(target=greet)
    greeting.start()
    yield MailServer("127.0.0.1", listening.getsockname()[1], True, False, "", "", "orders@example.com", 5.0)
    listening.close()
    greeting.join()


@pytest.mark.parametrize("is_named", [False, True])
def test_a_mail_server_is_trusted_when_its_authority_is_named(
    authority: Authority, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, is_named: bool
) -> None:
    if is_named:
        monkeypatch.setenv("ORDERHAVEN_CA_FILE", str(authority.file))
    letter = MailText("Subject", "Text")
    message = enveloped(letter, "1", mail_server.sender, "to@example.com", NOW, "https://example.com")

    fate, answer = send(mail_server, message)

    assert fate is DeliveryResult.LATER
    assert (answer == delivery_answers.NOT_TRUSTED) is not is_named
