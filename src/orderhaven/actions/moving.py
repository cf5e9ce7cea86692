"""An address that changes: secrets go only to the address that they were given for."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from orderhaven.actions.errors import Impossible, impossible
from orderhaven.core.language import _
from orderhaven.networks import NoNetwork, allowed_networks
from orderhaven.ports.connector import Declaration, Kind

_PORTS = {"https": 443, "http": 80}
Move = tuple[str, str]  # from where, to where


def moves(declaration: Declaration, old: Mapping[str, str], new: Mapping[str, str]) -> list[Move]:
    """Each address that leads to another machine, port or scheme than before; nothing when there was none before."""
    before_and_after = [
        (_origin(old[setting.key]), _origin(new.get(setting.key, "")))
        for setting in declaration.settings
        if setting.kind is Kind.URL and old.get(setting.key)
    ]
    return [(before, after) for before, after in before_and_after if before != after]


def demand_secrets_again(
    declaration: Declaration, moved: Sequence[Move], given: Mapping[str, str], kept: Mapping[str, str]
) -> None:
    """Whoever moves a connection knows its secrets: what the new address says of itself shows nothing. Raises Impossible."""
    before, after = moved[0]
    secrets = [setting for setting in declaration.settings if setting.secret]
    for setting in secrets:
        if setting.default is None and not given.get(setting.key, "").strip():
            raise impossible(
                "The address changes from {before} to {after}. Give {label} again: a secret goes only to the address "
                "that it was given for.",
                before=before,
                after=after,
                label=_(setting.label),
            )
    pairs = [(given.get(one.key, "").strip().encode(), kept.get(one.key, "").encode()) for one in secrets]
    if not all(hmac.compare_digest(*pair) for pair in pairs):
        raise impossible(
            "Address and keys would both be new, so nothing shows that {after} has the same account as {before}. Change "
            "the address with the present keys first, and the keys afterwards.",
            before=before,
            after=after,
        )


def demand_reachable(declaration: Declaration, settings: Mapping[str, str]) -> None:
    """https, and no private network unless the operator allows it. Raises Impossible."""
    try:
        reach = allowed_networks()
    except NoNetwork as error:
        raise Impossible(str(error)) from None
    for setting in declaration.settings:
        url = settings.get(setting.key, "") if setting.kind is Kind.URL else ""
        complaint = reach.complaint(url) if url else ""
        if complaint:
            raise Impossible(f"{_(setting.label)}: {complaint}")


def addresses_of(declaration: Declaration, settings: Mapping[str, str]) -> list[str]:
    """The hosts that stand in the settings."""
    urls = [settings.get(setting.key, "") for setting in declaration.settings if setting.kind is Kind.URL]
    return [host for url in urls if (host := urlsplit(url).hostname)]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" if port == _PORTS.get(parts.scheme) else f"{parts.scheme}://{shown}:{port}"
