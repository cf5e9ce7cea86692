"""Servers behind certificates of every kind, on loopback: what is trusted, and what is said of those that are not."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from orderhaven.certificates import NoCertificates, trusted_authorities
from orderhaven.connectors import open_connector, specs
from orderhaven.connectors.kit.http import NoAnswer, Request
from orderhaven.connectors.kit.transport import AiohttpTransport
from orderhaven.core.errors import SafeToRetry
from orderhaven.core.networks import LOOPBACK
from orderhaven.core.reasons import is_known
from orderhaven.ports.connector import ConnectorContext, InMemoryTokenCache, RealClock
from tests.authority import NOW, Authority

_OVER = (NOW - timedelta(days=9), NOW - timedelta(days=2))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def asked(server: ssl.SSLContext, trusts: ssl.SSLContext | None) -> str:
    """What a request to that server brings: its status, or why there was none."""

    async def run() -> str:
        async def hello(request: web.BaseRequest) -> web.Response:
            return web.Response()

        runner = web.ServerRunner(web.Server(hello, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server).start()
        network = AiohttpTransport(trusts, LOOPBACK)
        try:
            answer = await network(Request("GET", f"https://127.0.0.1:{runner.addresses[0][1]}/"), 5.0)
            return str(answer.status)
        except NoAnswer as error:
            return str(error) if not error.sent else "sent all the same"
        finally:
            await network.close()
            await runner.cleanup()

    return asyncio.run(run())


def test_an_authority_of_ones_own_is_named_in_the_sentence(authority: Authority) -> None:
    said = asked(authority.serves(), None)

    assert "certificate" in said
    assert "ORDERHAVEN_CA_FILE" in said


def test_an_authority_that_the_operator_names_is_trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHAVEN_CA_FILE", str(authority.file))

    assert asked(authority.serves(), trusted_authorities()) == "200"


def test_the_usual_authorities_stay_trusted_beside_it(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = {one["serialNumber"] for one in ssl.create_default_context().get_ca_certs()}
    monkeypatch.setenv("ORDERHAVEN_CA_FILE", str(authority.file))

    trusted = {one["serialNumber"] for one in trusted_authorities().get_ca_certs()}

    assert usual < trusted


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"lasts": _OVER}, "expired"), ({"address": "127.0.0.9"}, "another address")],
)
def test_a_certificate_that_is_wrong_in_another_way_says_which(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, wrong: dict, words: str
) -> None:
    monkeypatch.setenv("ORDERHAVEN_CA_FILE", str(authority.file))

    said = asked(authority.serves(**wrong), trusted_authorities())

    assert words in said
    assert is_known(f"The shop {said}")


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_file_that_holds_no_certificates_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    file = tmp_path / "own.pem"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv("ORDERHAVEN_CA_FILE", str(file))

    with pytest.raises(NoCertificates, match=f"ORDERHAVEN_CA_FILE names {file}"):
        trusted_authorities()


@pytest.mark.parametrize("connector", sorted(specs()))
def test_every_connector_says_what_is_wrong_with_a_certificate(authority: Authority, connector: str) -> None:
    async def run() -> str:
        async def hello(request: web.BaseRequest) -> web.Response:
            return web.Response()

        runner = web.ServerRunner(web.Server(hello, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=authority.serves()).start()
        address = f"https://127.0.0.1:{runner.addresses[0][1]}"
        spec = specs()[connector]
        settings = {one.key: address if one.kind == "url" else one.default or "x" for one in spec.settings}
        network = AiohttpTransport(reach=LOOPBACK)
        opened = open_connector(spec, settings, ConnectorContext(RealClock(), network, InMemoryTokenCache()))
        try:
            with pytest.raises(SafeToRetry) as raised:
                await opened.check()
            return raised.value.cause
        finally:
            await opened.close()
            await network.close()
            await runner.cleanup()

    cause = asyncio.run(run())

    assert "signed by an authority that is not trusted here" in cause
    assert is_known(cause)


def test_what_cannot_be_reached_is_said_without_a_name_of_the_code() -> None:
    async def run(url: str) -> str:
        network = AiohttpTransport(reach=LOOPBACK)
        try:
            with pytest.raises(NoAnswer) as raised:
                await network(Request("GET", url), 5.0)
            return str(raised.value)
        finally:
            await network.close()

    said = [
        asyncio.run(run(url))
        for url in ("http://127.0.0.1:1/", "https://no.such.host.invalid/", "not a url", "ftp://x/")
    ]

    assert said == [
        "cannot be reached (nothing listens there)",
        "cannot be reached (no such host)",
        "cannot be reached (not a web address)",
        "cannot be reached (not a web address)",
    ]
    assert all(is_known(f"The shop {one}") for one in said)
