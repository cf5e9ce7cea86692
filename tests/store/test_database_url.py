"""ORDERHAVEN_DATABASE_URL: what stands in it reaches the database's driver, and what cannot be is said."""

import socket
import threading
from collections.abc import Iterator

import pytest
from django.db import connection, connections
from django.db.utils import OperationalError

from orderhaven.settings import WrongSetting, postgres
from tests.stores import point_store_at

_ASKS_FOR_TLS = bytes.fromhex("0000000804d2162f")  # SSLRequest of PostgreSQL's protocol


@pytest.fixture
def kept_store(store: None) -> Iterator[None]:
    """For a test that points the store elsewhere."""
    kept = connections.databases["default"]
    yield
    point_store_at(kept)


@pytest.mark.postgres
def test_a_parameter_reaches_the_server(postgres_url: str, kept_store: None) -> None:
    separator = "&" if "?" in postgres_url else "?"
    point_store_at(postgres(f"{postgres_url}{separator}application_name=the+hub"))

    with connection.cursor() as cursor:
        cursor.execute("SHOW application_name")
        assert cursor.fetchone() == ("the hub",)


def test_a_server_without_tls_is_refused_where_the_address_demands_it(kept_store: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked: list[bytes] = []
        threading.Thread(target=_answer_without_tls, args=(server, asked), daemon=True).start()
        point_store_at(postgres(f"postgresql://hub:secret@127.0.0.1:{server.getsockname()[1]}/hub?sslmode=require"))

        with pytest.raises(OperationalError, match="server does not support SSL"):
            connection.ensure_connection()

    assert asked == [_ASKS_FOR_TLS]


def _answer_without_tls(server: socket.socket, asked: list[bytes]) -> None:
    client, _ = server.accept()
    with client:
        asked.append(client.recv(8))
        client.sendall(b"N")


def test_user_password_and_name_are_read_out_of_percent_form() -> None:
    given = postgres("postgresql://the%20hub:p%40ss%2Fword@db.example.com:5433/order%20hub")

    assert (given["USER"], given["PASSWORD"], given["NAME"]) == ("the hub", "p@ss/word", "order hub")
    assert (given["HOST"], given["PORT"]) == ("db.example.com", 5433)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://root:secret@localhost/hub", "must begin with postgresql://"),
        ("localhost/hub", "must begin with postgresql://"),
        ("postgresql://hub:se[cret@localhost/hub", "percent form"),
        ("postgresql://hub:secret@localhost:port/hub", "percent form"),
    ],
)
def test_an_address_that_cannot_be_is_said_without_the_password(url: str, sentence: str) -> None:
    with pytest.raises(WrongSetting, match=sentence) as refused:
        postgres(url)

    assert "secret" not in str(refused.value)
