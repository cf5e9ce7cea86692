"""Where the web server listens, as people write it."""

import os
import socket

import pytest

from orderhaven.actions.errors import ActionRefused
from orderhaven.web.listen_address import demand_free, parse_address


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("localhost:9000", "127.0.0.1:9000"),
        ("[::1]:8080", "[::1]:8080"),
        ("192.168.1.5:80", "192.168.1.5:80"),
    ],
)
def test_an_address_and_a_port_are_understood(text: str, meant: str) -> None:
    assert str(parse_address(text)) == meant


@pytest.mark.parametrize(
    "text", ["", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "shop:80", "[::1]:70000"]
)
def test_anything_else_is_no_place(text: str) -> None:
    with pytest.raises(ActionRefused, match="Give an address and a port"):
        parse_address(text)


def test_who_listens_on_every_address_must_say_by_which_one_people_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDERHAVEN_URL", raising=False)
    with pytest.raises(ActionRefused, match="ORDERHAVEN_URL"):
        parse_address("0.0.0.0:8080")

    monkeypatch.setenv("ORDERHAVEN_URL", "https://orders.example.com")

    assert str(parse_address("0.0.0.0:8080")) == "0.0.0.0:8080"


def test_a_port_on_which_another_program_listens_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        place = parse_address(f"127.0.0.1:{other.getsockname()[1]}")

        with pytest.raises(ActionRefused, match=rf"\(process {os.getpid()}\) listens on {place}"):
            demand_free(place)


def test_a_connection_that_just_ended_is_in_nobodys_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as before:
        address = before.getsockname()
        client = socket.create_connection(address)
        served, _ = before.accept()
        served.close()  # the side that ends it keeps the port busy for a minute
        client.close()

    demand_free(parse_address(f"127.0.0.1:{address[1]}"))


def test_an_address_that_is_not_of_this_machine_is_said() -> None:
    with pytest.raises(ActionRefused, match="This machine has no address"):
        demand_free(parse_address("192.0.2.1:8080"))
