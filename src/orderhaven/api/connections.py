"""Connections: which connectors there are, accounts tried and saved, paused, resumed and polled. A secret never comes back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from ninja import Field, Router, Schema, Status

from orderhaven.actions import account_setup, accounts
from orderhaven.actions.account_setup import ConnectionRow
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import action_refused
from orderhaven.api.caller import ApiRequest
from orderhaven.api.description import conditional, refuses, tagged
from orderhaven.api.etags import expected_by, tagged_answer
from orderhaven.api.lookups import connection_named, connector_named
from orderhaven.api.schema_types import BodyIn, DoneOut, EverySeconds, Name, Settings, columns_of
from orderhaven.core.access import Permission
from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import CancelReason
from orderhaven.core.matching import MatchState
from orderhaven.core.translation import _
from orderhaven.ports.connector import Capability, ConnectorSpec, Setting, SettingKind, Side
from orderhaven.store.connections import connections
from orderhaven.store.models import ConnectionState
from orderhaven.store.upkeep.versions import ExpectedVersion, version_of_connection

router = Router(tags=["connections"])


class ConnectorOut(Schema):
    """What can be connected."""

    name: str
    title: str
    side: Side
    capabilities: list[Capability]
    version: str = Field(description="Of their API.")
    poll_floor_s: int = Field(description="It is never asked more often than this.")
    limitations: str = Field(description="What it cannot do although people expect it.")
    settings_schema: dict[str, Any] = Field(description="A JSON Schema for `settings` when a connection is made.")


class ConnectorsOut(Schema):
    connectors: list[ConnectorOut]


class LinkSummaryOut(Schema):
    """Where channels of a marketplace go."""

    name: str
    shop: str
    channels: list[str] = Field(description="Empty: all.")
    dry_run: bool


class ConnectionOut(Schema):
    """An account with a marketplace or a shop."""

    name: str
    connector: str
    title: str
    side: Side
    account: str = Field(description="As the other side calls it.")
    state: ConnectionState
    shop: str = Field(
        description='Of a marketplace: where its orders go, with a comma between the shops of several links; `""`: it has no link.'
    )
    dry_run: bool
    links: list[LinkSummaryOut] = Field(description="Of a marketplace, by name.")
    channels: dict[str, str] = Field(description="Of a marketplace: code and name of each; empty: it has none.")
    every_s: int = Field(description="How often it is pulled.")
    last_pulled_at: datetime | None = Field(description="null: not pulled yet.")
    next_at: datetime | None = Field(description="null: nothing is planned.")
    trouble: str = Field(description='A sentence; `""`: all is well.')


class ConnectionsOut(Schema):
    connections: list[ConnectionOut]


class CarrierCodeOut(Schema):
    """A carrier of the account."""

    code: str
    label: str = Field(description='As the account calls it; `""`: it is gone.')
    carrier: Carrier | None = Field(description="Which of ours it is; null: none, or not known.")
    state: MatchState


class ReasonCodeOut(Schema):
    """A reason to cancel of the account."""

    code: str
    label: str = Field(description='As the account calls it; `""`: it is gone.')
    reason: CancelReason | None = Field(description="Which of ours it is; null: none, or not known.")
    state: MatchState


class AccountOut(Schema):
    """What the account has of its own, as it was last read. Empty lists: its connector's hold."""

    read_at: datetime | None = Field(description="null: not read yet.")
    capabilities: list[Capability]
    lacks: list[Capability] = Field(description="What other accounts there can do.")
    currencies: list[str] = Field(description="What a shop sells in; empty: it does not say.")
    carriers: list[CarrierCodeOut]
    reasons: list[ReasonCodeOut]


class AccountReadOut(DoneOut):
    """An account that was read."""

    changes: dict[str, str] = Field(description="What is otherwise than before, by kind; empty: nothing.")


class ChoicesIn(BodyIn):
    """Code of the account -> which of ours it is; `none`: none of them; `auto`: forget what was chosen. Others stay."""

    carriers: Settings = Field(default={}, description="As in `postnl`.")
    reasons: Settings = Field(default={}, description="`out_of_stock`, `buyer_request` or `other`.")


class ChoicesOut(DoneOut):
    going_on: int = Field(description="How many orders that waited for it go on.")


class ConnectionDetailOut(ConnectionOut):
    """A connection with its settings, secrets left out, and what its account has of its own."""

    settings: dict[str, str]
    account_details: AccountOut


class ConnectionIn(BodyIn):
    connector: Name
    name: Name = Field(description="What you call it; without a slash.")
    settings: Settings = Field(description="By `settings_schema` of the connector.")
    every_s: EverySeconds | None = Field(None, description="How often it is pulled; without it: every 5 minutes.")


class ConnectionChangeIn(BodyIn):
    """What is left out stays."""

    settings: Settings = Field(default={})
    every_s: EverySeconds | None = None


class TrialIn(BodyIn):
    name: Name = Field(description="What it shall be called, or the name of a connection whose settings are tried out.")
    settings: Settings


class TrialOut(Schema):
    """An account that answered. Nothing was saved."""

    account: str
    remarks: list[str] = Field(description="What you should know about it.")
    choices: dict[str, list[str]] = Field(description="What this account offers, by setting.")
    currencies: list[str] = Field(description="What a shop sells in; empty: it does not say.")
    channels: dict[str, str] = Field(description="Code and name of each channel of a marketplace; empty: it has none.")


class SavedConnectionOut(TrialOut):
    """An account that answered, and was saved."""

    name: str
    is_new: bool


@router.get("/connectors", response=ConnectorsOut, summary="List connectors", openapi_extra=refuses())
def connector_list(request: ApiRequest) -> ConnectorsOut:
    """What can be connected here, and what each one needs."""
    context = request.auth.demand(Permission.READ)
    specs_by_name = sorted(context.specs_by_name.values(), key=lambda one: one.name)
    return ConnectorsOut(connectors=[_connector(one) for one in specs_by_name])


@router.post(
    "/connectors/{connector}/trial",
    response=TrialOut,
    summary="Try an account",
    openapi_extra=refuses(404, 409, body=True),
)
def try_account(request: ApiRequest, connector: Name, given: TrialIn) -> TrialOut:
    """Ask the account who it is and what it offers, with these settings. Nothing is saved."""
    context = request.auth.demand(Permission.CONFIGURE)
    connector_named(context, connector)
    trial = account_setup.try_account(context, connector, given.name, given.settings)
    return TrialOut(**_account(trial.account))


@router.get("/connections", response=ConnectionsOut, summary="List connections", openapi_extra=refuses())
def connection_list(request: ApiRequest) -> ConnectionsOut:
    """All of them: there are never many."""
    return ConnectionsOut(
        connections=[ConnectionOut(**_columns(row)) for row in account_setup.connection_list(request.auth)]
    )


@router.post(
    "/connections",
    response={201: SavedConnectionOut},
    summary="Make a connection",
    openapi_extra=refuses(404, 409, body=True),
)
def connect(request: ApiRequest, given: ConnectionIn) -> Status[SavedConnectionOut]:
    """The account is tried first, and saved only when it answers."""
    context = request.auth.demand(Permission.CONFIGURE)
    connector_named(context, given.connector)
    if connections.by_name(context.merchant_id, given.name.strip()) is not None:
        raise action_refused("There is a connection '{name}' already. Choose another name.", name=given.name.strip())
    return Status(201, _save(context, given.connector, given.name, given.settings, given.every_s))


@router.get(
    "/connections/{name}",
    response={200: ConnectionDetailOut, 304: None},
    summary="Read one connection",
    openapi_extra=tagged(refuses(404)),
)
def connection(request: ApiRequest, name: Name, response: HttpResponse) -> object:
    """Settings are shown, secrets never; with an ETag."""
    context = request.auth.demand(Permission.READ)
    row = connection_named(context, name)
    [shown] = [one for one in account_setup.connection_list(context) if one.name == row.name]
    whole = ConnectionDetailOut(**_columns(shown), settings=row.settings, account_details=_details(context, row.name))
    return tagged_answer(request, response, whole, version_of_connection(row.pk))


@router.patch(
    "/connections/{name}",
    response=SavedConnectionOut,
    summary="Change a connection",
    openapi_extra=conditional(refuses(404, 409, body=True)),
)
def change_connection(request: ApiRequest, name: Name, given: ConnectionChangeIn) -> SavedConnectionOut:
    """New keys or settings of the same account: tried first, and saved only when it answers."""
    context = request.auth.demand(Permission.CONFIGURE)
    row = connection_named(context, name)
    expected = expected_by(request, row.pk, version_of_connection)
    return _save(context, row.connector, row.name, given.settings, given.every_s, expected)


@router.post("/connections/{name}/pause", response=DoneOut, summary="Pause a connection", openapi_extra=refuses(404))
def pause(request: ApiRequest, name: Name) -> DoneOut:
    """Nothing is pulled or pushed there until it is resumed."""
    context = request.auth.demand(Permission.WRITE)
    account_setup.pause(context, connection_named(context, name).name)
    return DoneOut(sentence=_("'{name}' is paused.", name=name))


@router.post("/connections/{name}/resume", response=DoneOut, summary="Resume a connection", openapi_extra=refuses(404))
def resume(request: ApiRequest, name: Name) -> DoneOut:
    """Goes on with one that was paused, by hand or because of trouble."""
    context = request.auth.demand(Permission.WRITE)
    account_setup.resume(context, connection_named(context, name).name)
    return DoneOut(sentence=_("'{name}' goes on.", name=name))


@router.post(
    "/connections/{name}/poll", response=DoneOut, summary="Poll a connection now", openapi_extra=refuses(404, 409)
)
def poll(request: ApiRequest, name: Name) -> DoneOut:
    """Makes everything due on it."""
    context = request.auth.demand(Permission.WRITE)
    if account_setup.poll_now(context, connection_named(context, name).name):
        return DoneOut(sentence=_("'{name}' is asked now.", name=name))
    return DoneOut(sentence=_("'{name}' is due now, but no hub runs here that would ask it.", name=name))


@router.post(
    "/connections/{name}/read-account",
    response=AccountReadOut,
    summary="Read an account again",
    openapi_extra=refuses(404, 409),
)
def read_account(request: ApiRequest, name: Name) -> AccountReadOut:
    """It is read every day by itself; this reads it now."""
    context = request.auth.demand(Permission.CONFIGURE)
    changes = accounts.read_again(context, connection_named(context, name).name)
    return AccountReadOut(sentence=_("The account of '{name}' was read.", name=name), changes=dict(changes))


@router.patch(
    "/connections/{name}/codes",
    response=ChoicesOut,
    summary="Choose which of ours an account's codes are",
    openapi_extra=conditional(refuses(404, 409, body=True)),
)
def choose_codes(request: ApiRequest, name: Name, given: ChoicesIn) -> ChoicesOut:
    """Of carriers and reasons to cancel that the account lists. Orders that waited for a code go on."""
    context = request.auth.demand(Permission.CONFIGURE)
    row = connection_named(context, name)
    expected = expected_by(request, row.pk, version_of_connection)
    going = accounts.choose_codes(context, row.name, given.carriers, given.reasons, expected=expected)
    return ChoicesOut(sentence=_("The choices for '{name}' are saved.", name=name), going_on=going)


def _save(
    context: ActionContext,
    connector: str,
    name: str,
    settings: Mapping[str, str],
    every_s: int | None,
    expected: ExpectedVersion | None = None,
) -> SavedConnectionOut:
    every = timedelta(seconds=every_s) if every_s is not None else None
    saved = account_setup.connect(context, connector, name, settings, every, expected=expected)
    return SavedConnectionOut(name=saved.name, is_new=saved.is_new, **_account(saved.account))


def _account(account: Any) -> dict[str, Any]:
    return {
        "account": account.name,
        "remarks": list(account.remarks),
        "choices": {key: list(offered) for key, offered in account.choices.items()},
        "currencies": sorted(account.currencies),
        "channels": dict(account.channels),
    }


def _details(context: ActionContext, name: str) -> AccountOut:
    found = accounts.account_of(context, name)
    carriers = [columns_of(CarrierCodeOut, one, carrier=one.ours or None) for one in found.carriers]
    reasons = [columns_of(ReasonCodeOut, one, reason=one.ours or None) for one in found.reasons]
    return AccountOut(**columns_of(AccountOut, found, carriers=carriers, reasons=reasons))


def _columns(row: ConnectionRow) -> dict[str, Any]:
    links = [LinkSummaryOut(**columns_of(LinkSummaryOut, one)) for one in row.links]
    return columns_of(ConnectionOut, row, every_s=int(row.every.total_seconds()), links=links)


def _connector(spec: ConnectorSpec) -> ConnectorOut:
    settings = spec.settings
    return ConnectorOut(
        name=spec.name,
        title=spec.title,
        side=spec.side,
        capabilities=sorted(spec.capabilities),
        version=_(spec.version),
        poll_floor_s=int(spec.limits.poll_floor.total_seconds()),
        limitations=_(spec.limitations),
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
        case SettingKind.URL:
            described["format"] = "uri"
        case SettingKind.YES_NO:
            described["enum"] = ["yes", "no"]
        case SettingKind.CHOICE:
            described["enum"] = list(setting.choices)
        case SettingKind.LIST:
            described["description"] += " " + _("Several are separated by commas.")
    return described | ({"writeOnly": True} if setting.secret else {})
