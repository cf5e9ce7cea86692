"""What a person filled in, held against the declaration. Pure."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from orderhaven.actions.errors import Impossible, impossible
from orderhaven.core.language import _
from orderhaven.ports.connector import Declaration, Kind, Setting

_YES_NO = {"yes": "yes", "y": "yes", "true": "yes", "1": "yes", "no": "no", "n": "no", "false": "no", "0": "no"}


def complete(declaration: Declaration, given: Mapping[str, str], kept: Mapping[str, str] = {}) -> dict[str, str]:
    """Every setting of the connector: as given, else as it was kept, else its default. Raises Impossible."""
    known = {setting.key for setting in declaration.settings}
    for key in given:
        if key not in known:
            raise impossible(
                "'{key}' is no setting of {title}. Its settings are: {known}.",
                key=key,
                title=declaration.title,
                known=", ".join(sorted(known)),
            )
    return {setting.key: _value(setting, given, kept) for setting in declaration.settings}


def demand_offered(
    declaration: Declaration, settings: Mapping[str, str], offered: Mapping[str, tuple[str, ...]]
) -> None:
    """What is chosen from the account's own list must stand in it. Raises Impossible."""
    for setting in declaration.settings:
        choices = offered.get(setting.key, ())
        for word in _words(settings[setting.key]) if choices else ():
            if word not in choices:
                raise impossible(
                    "{label}: '{word}' is not known there. It has: {choices}. Give {key} anew.",
                    label=_(setting.label),
                    word=word,
                    choices=", ".join(choices),
                    key=setting.key,
                )


def split_secrets(declaration: Declaration, settings: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(what may be shown, what is encrypted)."""
    secret = {setting.key for setting in declaration.settings if setting.secret}
    shown = {key: value for key, value in settings.items() if key not in secret}
    return shown, {key: value for key, value in settings.items() if key in secret}


def _value(setting: Setting, given: Mapping[str, str], kept: Mapping[str, str]) -> str:
    value = given.get(setting.key, "").strip()
    if not value and not (setting.key in given and setting.default is not None):
        value = kept.get(setting.key, setting.default or "")
    if not value and setting.default is None:
        raise impossible(
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


def _wrong(setting: Setting, why: str) -> Impossible:
    return Impossible(f"{_(setting.label)}: {why} {_(setting.help)}")


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


_CHECKS = {
    Kind.TEXT: lambda _setting, value: value,
    Kind.URL: _url,
    Kind.YES_NO: _yes_no,
    Kind.CHOICE: _choice,
    Kind.LIST: _list,
}
