"""Programs' keys to the API."""

from collections.abc import Collection

from orderhaven.actions.errors import impossible
from orderhaven.actions.hand import Hand, needs
from orderhaven.core.access import Power
from orderhaven.store import access
from orderhaven.store.models import Token


@needs(Power.SET_UP)
def token_list(by: Hand) -> list[Token]:
    return access.tokens(by.merchant_id)


@needs(Power.SET_UP)
def make_token(by: Hand, name: str, scopes: Collection[str]) -> str:
    """The token, which is shown this once. Raises Impossible."""
    name = name.strip()
    if not name or len(name) > 80:
        raise impossible("A token needs a name of 1 to 80 characters: what program it is for.")
    if access.token_named(by.merchant_id, name):
        raise impossible("There is a token '{name}' already. End that one first, or choose another name.", name=name)
    unknown = [one for one in scopes if one not in list(Power)]
    if unknown or not scopes:
        raise impossible("Say what the token may do: {scopes}.", scopes=", ".join(Power))
    powers = {Power(one) for one in scopes} | {Power.LOOK}
    return access.make_token(by.merchant_id, name, powers, by.clock.now(), by.actor)


@needs(Power.SET_UP)
def end_token(by: Hand, token_id: int) -> None:
    """From now on it opens nothing. Raises Impossible."""
    if not access.end_token(by.merchant_id, token_id, by.clock.now(), by.actor):
        raise impossible("There is no such token any more.")
