"""An address that changes: secrets go only to the address that they were given for."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from orderhaven.actions.errors import ActionRefused, action_refused
from orderhaven.core.translation import _
from orderhaven.networks import NoNetwork, allowed_networks
from orderhaven.ports.connector import ConnectorSpec, SettingKind

_PORTS = {"https": 443, "http": 80}
Move = tuple[str, str]  # from where, to where


def moves(spec: ConnectorSpec, old: Mapping[str, str], new: Mapping[str, str]) -> list[Move]:
    """Each address that leads to another machine, port or scheme than before; nothing when there was none before."""
    before_and_after = [
        (_origin(old[setting.key]), _origin(new.get(setting.key, "")))
        for setting in spec.settings
        if setting.kind is SettingKind.URL and old.get(setting.key)
    ]
    return [(before, after) for before, after in before_and_after if before != after]


def demand_secrets_again(
    spec: ConnectorSpec, moved: Sequence[Move], given: Mapping[str, str], kept: Mapping[str, str]
) -> None:
    """Whoever moves a connection knows its secrets: what the new address says of itself shows nothing. Raises ActionRefused."""
    before, after = moved[0]
    secrets = [setting for setting in spec.settings if setting.secret]
    for setting in secrets:
        if setting.default is None and not given.get(setting.key, "").strip():
            raise action_refused(
                "The address changes from {before} to {after}. Give {label} again: a secret goes only to the address "
                "that it was given for.",
                before=before,
                after=after,
                label=_(setting.label),
            )
    pairs = [(given.get(one.key, "").strip().encode(), kept.get(one.key, "").encode()) for one in secrets]
    if not all(hmac.compare_digest(*pair) for pair in pairs):
        raise action_refused(
            "Address and keys would both be new, so nothing shows that {after} has the same account as {before}. Change "
            "the address with the present keys first, and the keys afterwards.",
            before=before,
            after=after,
        )


def demand_reachable(spec: ConnectorSpec, settings: Mapping[str, str]) -> None:
    """https, and no private network unless the operator allows it. Raises ActionRefused."""
    try:
        reach = allowed_networks()
    except NoNetwork as error:
        raise ActionRefused(str(error)) from None
    for setting in spec.settings:
        url = settings.get(setting.key, "") if setting.kind is SettingKind.URL else ""
        complaint = reach.objection(url) if url else ""
        if complaint:
            raise ActionRefused(f"{_(setting.label)}: {complaint}")


def addresses_of(spec: ConnectorSpec, settings: Mapping[str, str]) -> list[str]:
    """The hosts that stand in the settings."""
    urls = [settings.get(setting.key, "") for setting in spec.settings if setting.kind is SettingKind.URL]
    return [host for url in urls if (host := urlsplit(url).hostname)]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" if port == _PORTS.get(parts.scheme) else f"{parts.scheme}://{shown}:{port}"
