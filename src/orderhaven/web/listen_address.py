"""Where the web server listens: read from what a person wrote, and tried before it is used."""

import errno
import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

import psutil

from orderhaven.actions.errors import ActionRefused, action_refused
from orderhaven.core.translation import _

_WAITS_FOR_S = 5.0
_LOOKS_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class ListenAddress:
    host: IPv4Address | IPv6Address
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if self.host.version == 6 else f"{self.host}:{self.port}"


def parse_address(text: str) -> ListenAddress:
    """As a person writes it: 127.0.0.1:8080, [::1]:8080 or localhost:8080. Raises ActionRefused."""
    host, _colon, port = text.strip().rpartition(":")
    host = {"localhost": "127.0.0.1"}.get(host, host).removeprefix("[").removesuffix("]")
    try:
        found = ListenAddress(ip_address(host), int(port))
    except ValueError:
        found = None
    if found is None or not 0 < found.port < 65536:
        raise action_refused("'{text}' is no place to listen. Give an address and a port: 127.0.0.1:8080", text=text)
    if found.host.is_unspecified and not os.environ.get("ORDERHAVEN_URL"):
        raise action_refused(
            "{text} listens on every address of this machine. Say in ORDERHAVEN_URL by which one people come, as in "
            "https://orders.example.com: whoever comes by another is turned away.",
            text=text,
        )
    return found


def demand_free(place: ListenAddress) -> None:
    """Waits a little for a server that is about to end, as that of a hub that was killed.

    Raises ActionRefused when another program listens there. The server itself would find out late.
    """
    latest = time.monotonic() + _WAITS_FOR_S
    while (error := _trouble_at(place)) is not None:
        if error.errno != errno.EADDRINUSE or time.monotonic() > latest:
            raise ActionRefused(_why_not(place, error))
        time.sleep(_LOOKS_EVERY_S)


def _trouble_at(place: ListenAddress) -> OSError | None:
    family = socket.AF_INET6 if place.host.version == 6 else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that just ended are in nobody's way
        try:
            tried.bind((str(place.host), place.port))
        except OSError as error:
            return error
    return None


def _who_listens(place: ListenAddress) -> str:
    """The program and its process number, as far as this user may see them."""
    with suppress(psutil.Error):
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == place.port and one.pid:
                return _("{program} (process {process})", program=psutil.Process(one.pid).name(), process=one.pid)
    return _("Another program")


def _why_not(place: ListenAddress, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return _(
                "{who} listens on {place}. Stop it, or choose another port with --listen.",
                who=_who_listens(place),
                place=place,
            )
        case errno.EACCES:
            return _("You may not listen on {place}: ports below 1024 are the system's. Choose one above.", place=place)
        case errno.EADDRNOTAVAIL:
            return _("This machine has no address for {place}. Choose another with --listen.", place=place)
        case _other:
            return _(
                "{place} cannot be listened on: {why}. Choose another with --listen.", place=place, why=error.strerror
            )
