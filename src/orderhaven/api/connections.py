"""Connections: which connectors there are, accounts tried and saved, paused, resumed and polled. A secret never comes back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from ninja import Field, Router, Schema, Status

from orderhaven.actions import connecting
from orderhaven.actions.connecting import ConnectionRow
from orderhaven.actions.errors import impossible
from orderhaven.actions.hand import Hand
from orderhaven.api.caller import Asking
from orderhaven.api.description import conditional, refuses, tagged
from orderhaven.api.etags import expected_by, is_known, tag_of
from orderhaven.api.fields import Done, EverySeconds, Given, Name, Settings, columns_of
from orderhaven.api.named import connection_named, connector_named
from orderhaven.core.access import Power
from orderhaven.core.language import _
from orderhaven.ports.connector import Can, Declaration, Kind, Role, Setting
from orderhaven.store import connections
from orderhaven.store.models import ConnectionState
from orderhaven.store.versions import ExpectedVersion, version_of_connection

router = Router(tags=["connections"])


class Connector(Schema):
    """What can be connected."""

    name: str
    title: str
    role: Role
    can: list[Can]
    version: str = Field(description="Of their API.")
    poll_floor_s: int = Field(description="It is never asked more often than this.")
    honest: str = Field(description="What it cannot do although people expect it.")
    settings_schema: dict[str, Any] = Field(description="A JSON Schema for `settings` when a connection is made.")


class Connectors(Schema):
    connectors: list[Connector]


class Connection(Schema):
    """An account with a marketplace or a shop."""

    name: str
    connector: str
    title: str
    role: Role
    account: str = Field(description="As the other side calls it.")
    state: ConnectionState
    shop: str = Field(description='Of a marketplace: where its orders go; `""`: it has no link.')
    rehearsal: bool
    every_s: int = Field(description="How often it is heard.")
    heard_at: datetime | None = Field(description="null: not heard yet.")
    next_at: datetime | None = Field(description="null: nothing is planned.")
    trouble: str = Field(description='A sentence; `""`: all is well.')


class Connections(Schema):
    connections: list[Connection]


class WholeConnection(Connection):
    """A connection with its settings, secrets left out."""

    settings: dict[str, str]


class ConnectionGiven(Given):
    connector: Name
    name: Name = Field(description="What you call it; without a slash.")
    settings: Settings = Field(description="By `settings_schema` of the connector.")
    every_s: EverySeconds | None = Field(None, description="How often it is heard; without it: every 5 minutes.")


class ConnectionChange(Given):
    """What is left out stays."""

    settings: Settings = Field(default={})
    every_s: EverySeconds | None = None


class TrialGiven(Given):
    name: Name = Field(description="What it shall be called, or the name of a connection whose settings are tried out.")
    settings: Settings


class Trial(Schema):
    """An account that answered. Nothing was saved."""

    account: str
    remarks: list[str] = Field(description="What you should know about it.")
    choices: dict[str, list[str]] = Field(description="What this account offers, by setting.")
    currencies: list[str] = Field(description="What a shop sells in; empty: it does not say.")


class Connected(Trial):
    """An account that answered, and was saved."""

    name: str
    is_new: bool


@router.get("/connectors", response=Connectors, summary="List connectors", openapi_extra=refuses())
def connector_list(request: Asking) -> Connectors:
    """What can be connected here, and what each one needs."""
    by = request.auth.demand(Power.LOOK)
    declared = sorted(by.declared.values(), key=lambda one: one.name)
    return Connectors(connectors=[_connector(one) for one in declared])


@router.post(
    "/connectors/{connector}/trial",
    response=Trial,
    summary="Try an account",
    openapi_extra=refuses(404, 409, body=True),
)
def try_account(request: Asking, connector: Name, given: TrialGiven) -> Trial:
    """Ask the account who it is and what it offers, with these settings. Nothing is saved."""
    by = request.auth.demand(Power.SET_UP)
    connector_named(by, connector)
    trial = connecting.try_account(by, connector, given.name, given.settings)
    return Trial(**_account(trial.account))


@router.get("/connections", response=Connections, summary="List connections", openapi_extra=refuses())
def connection_list(request: Asking) -> Connections:
    """All of them: there are never many."""
    return Connections(connections=[Connection(**_columns(row)) for row in connecting.connection_list(request.auth)])


@router.post(
    "/connections", response={201: Connected}, summary="Make a connection", openapi_extra=refuses(404, 409, body=True)
)
def connect(request: Asking, given: ConnectionGiven) -> Status[Connected]:
    """The account is tried first, and saved only when it answers."""
    by = request.auth.demand(Power.SET_UP)
    connector_named(by, given.connector)
    if connections.by_name(by.merchant_id, given.name.strip()) is not None:
        raise impossible("There is a connection '{name}' already. Choose another name.", name=given.name.strip())
    return Status(201, _save(by, given.connector, given.name, given.settings, given.every_s))


@router.get(
    "/connections/{name}",
    response={200: WholeConnection, 304: None},
    summary="Read one connection",
    openapi_extra=tagged(refuses(404)),
)
def connection(request: Asking, name: Name, response: HttpResponse) -> object:
    """Settings are shown, secrets never; with an ETag."""
    by = request.auth.demand(Power.LOOK)
    row = connection_named(by, name)
    [shown] = [one for one in connecting.connection_list(by) if one.name == row.name]
    whole = WholeConnection(**_columns(shown), settings=row.settings)
    tag = tag_of(whole, version_of_connection(row.pk))
    response.headers["ETag"] = tag
    return Status(304, None) if is_known(request, tag) else whole


@router.patch(
    "/connections/{name}",
    response=Connected,
    summary="Change a connection",
    openapi_extra=conditional(refuses(404, 409, body=True)),
)
def change_connection(request: Asking, name: Name, given: ConnectionChange) -> Connected:
    """New keys or settings of the same account: tried first, and saved only when it answers."""
    by = request.auth.demand(Power.SET_UP)
    row = connection_named(by, name)
    expected = expected_by(request, row.pk, version_of_connection)
    return _save(by, row.connector, row.name, given.settings, given.every_s, expected)


@router.post("/connections/{name}/pause", response=Done, summary="Pause a connection", openapi_extra=refuses(404))
def pause(request: Asking, name: Name) -> Done:
    """Nothing is heard or told there until it is resumed."""
    by = request.auth.demand(Power.ACT)
    connecting.pause(by, connection_named(by, name).name)
    return Done(sentence=_("'{name}' is paused.", name=name))


@router.post("/connections/{name}/resume", response=Done, summary="Resume a connection", openapi_extra=refuses(404))
def resume(request: Asking, name: Name) -> Done:
    """Goes on with one that was paused, by hand or because of trouble."""
    by = request.auth.demand(Power.ACT)
    connecting.resume(by, connection_named(by, name).name)
    return Done(sentence=_("'{name}' goes on.", name=name))


@router.post(
    "/connections/{name}/poll", response=Done, summary="Poll a connection now", openapi_extra=refuses(404, 409)
)
def poll(request: Asking, name: Name) -> Done:
    """Makes everything due on it."""
    by = request.auth.demand(Power.ACT)
    if connecting.poll_now(by, connection_named(by, name).name):
        return Done(sentence=_("'{name}' is asked now.", name=name))
    return Done(sentence=_("'{name}' is due now, but no hub runs here that would ask it.", name=name))


def _save(
    by: Hand,
    connector: str,
    name: str,
    settings: Mapping[str, str],
    every_s: int | None,
    expected: ExpectedVersion | None = None,
) -> Connected:
    every = timedelta(seconds=every_s) if every_s is not None else None
    saved = connecting.connect(by, connector, name, settings, every, expected=expected)
    return Connected(name=saved.name, is_new=saved.is_new, **_account(saved.account))


def _account(account: Any) -> dict[str, Any]:
    return {
        "account": account.name,
        "remarks": list(account.remarks),
        "choices": {key: list(offered) for key, offered in account.choices.items()},
        "currencies": sorted(account.currencies),
    }


def _columns(row: ConnectionRow) -> dict[str, Any]:
    return columns_of(Connection, row, every_s=int(row.every.total_seconds()))


def _connector(declaration: Declaration) -> Connector:
    settings = declaration.settings
    return Connector(
        name=declaration.name,
        title=declaration.title,
        role=declaration.role,
        can=sorted(declaration.can),
        version=_(declaration.version),
        poll_floor_s=int(declaration.limits.poll_floor.total_seconds()),
        honest=_(declaration.honest),
        settings_schema={
            "type": "object",
            "properties": {setting.key: _setting(setting) for setting in settings},
            "required": [setting.key for setting in settings if setting.default is None],
            "additionalProperties": False,
        },
    )


def _setting(setting: Setting) -> dict[str, Any]:
    described: dict[str, Any] = {"type": "string", "title": _(setting.label), "description": _(setting.help)}
    if setting.default is not None:
        described["default"] = setting.default
    match setting.kind:
        case Kind.URL:
            described["format"] = "uri"
        case Kind.YES_NO:
            described["enum"] = ["yes", "no"]
        case Kind.CHOICE:
            described["enum"] = list(setting.choices)
        case Kind.LIST:
            described["description"] += " " + _("Several are separated by commas.")
    return described | ({"writeOnly": True} if setting.secret else {})
