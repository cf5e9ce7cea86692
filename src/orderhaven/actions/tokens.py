"""Programs' keys to the API."""

from collections.abc import Collection

from orderhaven.actions.context import ActionContext, requires
from orderhaven.actions.errors import action_refused
from orderhaven.core.access import Permission
from orderhaven.store.access import credentials
from orderhaven.store.models import Token


@requires(Permission.CONFIGURE)
def token_list(context: ActionContext) -> list[Token]:
    return credentials.tokens(context.merchant_id)


@requires(Permission.CONFIGURE)
def make_token(context: ActionContext, name: str, scopes: Collection[str]) -> str:
    """The token, which is shown this once. Raises ActionRefused."""
    name = name.strip()
    if not name or len(name) > 80:
        raise action_refused("A token needs a name of 1 to 80 characters: which API client it is for.")
    if credentials.token_named(context.merchant_id, name):
        raise action_refused(
            "There is a token '{name}' already. End that one first, or choose another name.", name=name
        )
    unknown = [one for one in scopes if one not in list(Permission)]
    if unknown or not scopes:
        raise action_refused("Say what the token may do: {scopes}.", scopes=", ".join(Permission))
    permissions = {Permission(one) for one in scopes} | {Permission.READ}
    return credentials.create_token(context.merchant_id, name, permissions, context.clock.now(), context.actor)


@requires(Permission.CONFIGURE)
def end_token(context: ActionContext, token_id: int) -> None:
    """From now on it opens nothing. Raises ActionRefused."""
    if not credentials.revoke_token(context.merchant_id, token_id, context.clock.now(), context.actor):
        raise action_refused("There is no such token any more.")
