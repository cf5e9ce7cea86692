"""What a user filled in, checked against the spec. Pure."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from orderhaven.actions.errors import ActionRefused, action_refused
from orderhaven.core.translation import _
from orderhaven.ports.connector import ConnectorSpec, Setting, SettingKind

_YES_NO = {"yes": "yes", "y": "yes", "true": "yes", "1": "yes", "no": "no", "n": "no", "false": "no", "0": "no"}


def complete(spec: ConnectorSpec, given: Mapping[str, str], kept: Mapping[str, str] = {}) -> dict[str, str]:
    """Every setting of the connector: as given, else as it was kept, else its default. Raises ActionRefused."""
    known = {setting.key for setting in spec.settings}
    for key in given:
        if key not in known:
            raise action_refused(
                "'{key}' is no setting of {title}. Its settings are: {known}.",
                key=key,
                title=spec.title,
                known=", ".join(sorted(known)),
            )
    return {setting.key: _value(setting, given, kept) for setting in spec.settings}


def demand_offered(spec: ConnectorSpec, settings: Mapping[str, str], offered: Mapping[str, tuple[str, ...]]) -> None:
    """What is chosen from the account's own list must stand in it. Raises ActionRefused."""
    for setting in spec.settings:
        choices = offered.get(setting.key, ())
        for word in _words(settings[setting.key]) if choices else ():
            if word not in choices:
                raise action_refused(
                    "{label}: '{word}' is not known there. It has: {choices}. Give {key} anew.",
                    label=_(setting.label),
                    word=word,
                    choices=", ".join(choices),
                    key=setting.key,
                )


def split_secrets(spec: ConnectorSpec, settings: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(what may be shown, what is encrypted)."""
    secret = {setting.key for setting in spec.settings if setting.secret}
    shown = {key: value for key, value in settings.items() if key not in secret}
    return shown, {key: value for key, value in settings.items() if key in secret}


def _value(setting: Setting, given: Mapping[str, str], kept: Mapping[str, str]) -> str:
    value = given.get(setting.key, "").strip()
    if not value and not (setting.key in given and setting.default is not None):
        value = kept.get(setting.key, setting.default or "")
    if not value and setting.default is None:
        raise action_refused(
            "{label} ({key}) is missing. {help}", label=_(setting.label), key=setting.key, help=_(setting.help)
        )
    return _CHECKS[setting.kind](setting, value) if value else ""


def _url(setting: Setting, value: str) -> str:
    try:
        parts = urlsplit(value)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not value.isprintable() or " " in value:
        raise _wrong(setting, _("'{value}' is no web address. It begins with https://.", value=value))
    return value.rstrip("/")


def _yes_no(setting: Setting, value: str) -> str:
    if value.casefold() not in _YES_NO:
        raise _wrong(setting, _("'{value}' is neither yes nor no.", value=value))
    return _YES_NO[value.casefold()]


def _choice(setting: Setting, value: str) -> str:
    if value not in setting.choices:
        raise _wrong(setting, _("'{value}' is not one of {choices}.", value=value, choices=", ".join(setting.choices)))
    return value


def _list(setting: Setting, value: str) -> str:
    for word in _words(value) if setting.choices else ():
        _choice(setting, word)
    return ",".join(_words(value))


def _wrong(setting: Setting, why: str) -> ActionRefused:
    return ActionRefused(f"{_(setting.label)}: {why} {_(setting.help)}")


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


_CHECKS = {
    SettingKind.TEXT: lambda _setting, value: value,
    SettingKind.URL: _url,
    SettingKind.YES_NO: _yes_no,
    SettingKind.CHOICE: _choice,
    SettingKind.LIST: _list,
}
