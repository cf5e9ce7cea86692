"""Which addresses a hub calls: the internet's, and never those of the network it stands in."""

import asyncio
import socket

import pytest
from aiohttp.abc import ResolveResult

from orderhaven.actions import webhooks
from orderhaven.actions.errors import ActionRefused
from orderhaven.connectors.kit.http import GuardedResolver, NotReached
from orderhaven.core.networks import LOOPBACK, PUBLIC, is_public, parse_policy
from orderhaven.notifications.addresses import complaint
from orderhaven.notifications.webhook_calls import WebhookClient
from orderhaven.store.notifications.deliveries import DeliveryResult

from .conftest import Office
from .program import Program

OURS = parse_policy("loopback, 10.0.0.0/8")


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111"])
def test_what_the_internet_reaches_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.0.170"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00::1", "ff02::1", "2001:db8::1"),
        # an IPv4 address in other clothes
        *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"),
        *("localhost", "", "example.com"),
    ],
)
def test_what_stands_in_the_hubs_own_network_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://example.com/a",
            "ftp://example.com",
            "example.com",
            "https://",
            "https:///a",
            "https://example.com:0/",
        ),
        *("https://anna:secret@example.com/", "https://example.com:99999/", "https://exam ple.com/", "https://[::1"),
        *(
            "https://127.0.0.1/",
            "https://localhost/",
            "https://10.0.0.1:8443/a",
            "https://[::1]/",
            "https://[fe80::1]/",
        ),
        *("https://169.254.169.254/latest/meta-data", "https://[::ffff:127.0.0.1]/", "https://example.com/\na"),
        f"https://example.com/{'a' * 500}",
    ],
)
def test_such_an_address_is_refused_with_a_sentence(url: str) -> None:
    assert complaint(url, PUBLIC).endswith(".")


@pytest.mark.parametrize("url", ["https://example.com", "https://example.com:8443/a?b=c", "https://8.8.8.8/a"])
def test_an_https_address_of_the_internet_is_taken(url: str) -> None:
    assert complaint(url, PUBLIC) == ""


def test_on_a_hub_of_ones_own_programs_beside_it_may_be_called_and_http_goes_to_loopback_only() -> None:
    assert complaint("http://127.0.0.1:9000/a", OURS) == ""
    assert complaint("http://localhost:9000/a", OURS) == ""
    assert complaint("https://10.0.0.1/a", OURS) == ""
    assert complaint("http://10.0.0.1/a", OURS)
    assert complaint("http://example.com/a", OURS)


def test_a_merchant_cannot_make_a_webhook_into_the_hubs_network(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORDERHAVEN_ALLOW_NETWORKS")

    with pytest.raises(ActionRefused, match="https"):
        webhooks.make(office.context, office.program.url, ["order.received"])
    with pytest.raises(ActionRefused, match="private network"):
        webhooks.make(office.context, "https://127.0.0.1/", ["order.received"])


def test_a_name_that_stands_for_a_private_address_is_refused_when_it_is_looked_up() -> None:
    async def look_up(host: str) -> list[ResolveResult]:
        resolver = GuardedResolver(PUBLIC)
        try:
            return await resolver.resolve(host, 443, socket.AF_UNSPEC)
        finally:
            await resolver.close()

    for host in ("localhost", "2130706433", "127.1"):
        with pytest.raises(NotReached):
            asyncio.run(look_up(host))


def test_nothing_is_sent_to_a_private_address_whatever_name_it_has() -> None:
    async def call(host: str) -> tuple[tuple[DeliveryResult, str], int]:
        program = Program()
        await program.start()
        port = program.url.split(":")[2].split("/")[0]
        caller = WebhookClient(reach=PUBLIC)
        try:
            return await caller.call(f"https://{host}:{port}/", {}, b"{}"), len(program.calls)
        finally:
            await caller.close()
            await program.stop()

    refused = (DeliveryResult.LATER, "the address lies in a private network")
    by_number = ("2130706433", "0x7f000001", "017700000001", "127.1", "127.0.0.1.")  # as a socket would take it
    for host in ("127.0.0.1", "localhost", "[::1]", "localhost.localdomain", *by_number):
        came, calls = asyncio.run(call(host))
        assert calls == 0
        assert came in (refused, (DeliveryResult.LATER, "cannot be reached"))
    assert asyncio.run(call("localhost"))[0] == refused


def test_a_connection_is_made_to_the_address_that_was_looked_at() -> None:
    async def resolve() -> list[ResolveResult]:
        resolver = GuardedResolver(LOOPBACK)
        try:
            return await resolver.resolve("localhost", 8080, socket.AF_INET)
        finally:
            await resolver.close()

    [found] = asyncio.run(resolve())

    assert (found["host"], found["hostname"], found["port"]) == ("127.0.0.1", "localhost", 8080)
    assert found["flags"] & socket.AI_NUMERICHOST
