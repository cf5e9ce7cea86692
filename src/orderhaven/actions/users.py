"""Who may come in: the first administrator, invitations, roles, and what everybody may change about themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from zoneinfo import available_timezones

from orderhaven import catalogues, paths
from orderhaven.actions.context import ActionContext, requires
from orderhaven.actions.errors import ActionRefused, action_refused
from orderhaven.core.access import Permission, Role
from orderhaven.store.access import credentials, second_factor
from orderhaven.store.access.second_factor import Beginning
from orderhaven.store.connections import merchants
from orderhaven.store.models import Event, Invitation, Membership, User

_NOT_A_PERSON = frozenset({"hub", "orderhaven"})  # who else may have done something
Prove = Callable[[str, str], User | None]
"""Whose address and password these are, None when they do not belong together. It counts the wrong ones: whoever may try as
often as they like finds any password.
"""


def first_administrator(code: str, email: str, name: str, password: str, trade: str, now: datetime) -> User:
    """Make the first account of this hub, with everything in its hands. Raises ActionRefused.

    `code` is what `orderhaven up` shows as long as there is nobody: who reads its output may begin.
    """
    if credentials.has_users():
        raise action_refused("There are accounts here already. Log in, or ask an administrator to invite you.")
    if not credentials.is_welcome_code(code):
        raise action_refused(
            "This link is not the one that Orderhaven showed when it started. Look there: orderhaven welcome"
        )
    _demand_good(email, name, password)
    merchant = credentials.first_merchant() or merchants.create_merchant(trade.strip()[:100] or merchants.FIRST_NAME)
    if trade.strip():
        merchants.rename(merchant, trade.strip()[:100])
    user = credentials.create_user(email, name, password, now)
    credentials.set_role(merchant.pk, user.pk, Role.ADMINISTRATOR, now, user.name)
    return user


def users(context: ActionContext) -> list[Membership]:
    """Everybody who works for the merchant."""
    context.demand(Permission.READ)
    return credentials.members(context.merchant_id)


@requires(Permission.CONFIGURE)
def invite(context: ActionContext, email: str, role: Role) -> str:
    """The link with which this person comes in, good for a week and for one use. Raises ActionRefused."""
    email = email.strip().lower()
    wrong = credentials.objections(email, "")
    if wrong:
        raise ActionRefused(" ".join(wrong))
    known = credentials.of_email(email)
    if known is not None and credentials.member(context.merchant_id, known.pk):
        raise action_refused("{email} works here already. Change the role in the list instead.", email=email)
    secret = credentials.invite(context.merchant_id, email, role, context.clock.now(), context.actor)
    return f"{paths.web_address()}/invitation/{secret}"


@requires(Permission.CONFIGURE)
def open_invitations(context: ActionContext) -> list[Invitation]:
    return credentials.open_invitations(context.merchant_id, context.clock.now())


@requires(Permission.CONFIGURE)
def revoke_invitation(context: ActionContext, invitation_id: int) -> None:
    credentials.revoke_invitation(context.merchant_id, invitation_id, context.clock.now(), context.actor)


def invitation(secret: str, now: datetime) -> Invitation:
    """Raises ActionRefused when it is over, used, or was never made."""
    found = credentials.invitation(secret, now)
    if found is None:
        raise action_refused("This invitation is used or over. Ask for a new one.")
    return found


def accept(secret: str, name: str, password: str, now: datetime, prove: Prove) -> User:
    """Come in by an invitation: with a new account, or with the one this address has. Raises ActionRefused."""
    found = invitation(secret, now)
    user = credentials.of_email(found.email)
    if user is None:
        _demand_good(found.email, name, password)
        _demand_own_name(name, [row.user.name for row in credentials.members(found.merchant_id)])
        user = credentials.create_user(found.email, name, password, now)
    elif prove(user.email, password) is None:
        raise action_refused("There is an account with this address, and that is not its password.")
    if not credentials.accept(found, user, now):
        raise action_refused("This invitation is used or over. Ask for a new one.")
    return user


@requires(Permission.CONFIGURE)
def change_role(context: ActionContext, user_id: int, role: Role) -> None:
    """Raises ActionRefused when nobody would be left who can undo it."""
    row = _member(context, user_id)
    if role is not Role.ADMINISTRATOR:
        _demand_another_administrator(context, row)
    credentials.set_role(context.merchant_id, user_id, role, context.clock.now(), context.actor)


@requires(Permission.CONFIGURE)
def remove(context: ActionContext, user_id: int) -> None:
    """Takes away what the person may do here; the account stays. Raises ActionRefused."""
    row = _member(context, user_id)
    _demand_another_administrator(context, row)
    credentials.remove_member(row, context.clock.now(), context.actor)


@requires(Permission.CONFIGURE)
def audit(context: ActionContext, before: int | None = None) -> list[Event]:
    """What people did beside the orders, newest first."""
    return credentials.audit(context.merchant_id, before)


def change_self(user: User, name: str, language: str, time_zone: str, now: datetime) -> None:
    """Name, language and time zone of one's own account. Raises ActionRefused."""
    name = name.strip()[:100]
    _demand_own_name(name, credentials.colleagues(user))
    if language and language not in catalogues.LANGUAGES:
        raise action_refused("There is no language '{language}' here.", language=language)
    if time_zone and time_zone not in available_timezones():
        raise action_refused("There is no time zone '{zone}'. Say it as in Europe/Amsterdam.", zone=time_zone)
    if name != user.name:
        credentials.note_of_person(user, now, "renamed", {"name": name})
    user.name, user.language, user.time_zone = name, language, time_zone
    user.save(update_fields=["name", "language", "time_zone"])


def change_password(user: User, old: str, new: str, prove: Prove, now: datetime) -> None:
    """All other sessions of this person end. Raises ActionRefused."""
    _demand_password(user, old, prove)
    _demand_good(user.email, user.name, new)
    _set_password(user, new)
    credentials.note_of_person(user, now, "password_changed", {})


def begin_second_factor(user: User, beginning: Beginning, figures: str, now: datetime) -> list[str]:
    """The recovery codes, each good once; none when the figures are wrong: then nothing changed."""
    codes = second_factor.confirm(user, beginning, figures)
    if codes:
        credentials.note_of_person(user, now, "second_factor_on", {})
    return codes


def end_second_factor(user: User, password: str, prove: Prove, now: datetime) -> None:
    """From now on the password alone opens the account. Raises ActionRefused."""
    _demand_password(user, password, prove)
    second_factor.end(user)
    credentials.note_of_person(user, now, "second_factor_off", {})


def demand_account(email: str) -> User:
    """Raises ActionRefused."""
    user = credentials.of_email(email)
    if user is None:
        raise action_refused("There is no account with the address {email}.", email=email.strip())
    return user


def give_password(email: str, password: str, actor: str, now: datetime, *, without_second_factor: bool = False) -> None:
    """For whoever sits at the machine itself, and nobody else: an administrator of one merchant has no power over a
    person's account, which may be with others too. Raises ActionRefused.
    """
    user = demand_account(email)
    _demand_good(user.email, user.name, password)
    _set_password(user, password)
    credentials.note_of_person(user, now, "password_given", {}, actor)
    if without_second_factor:
        second_factor.end(user)
        credentials.note_of_person(user, now, "second_factor_off", {}, actor)


def _demand_good(email: str, name: str, password: str) -> None:
    _demand_own_name(name)
    wrong = credentials.objections(email.strip().lower(), name, password)
    if wrong:
        raise ActionRefused(" ".join(wrong))


def _demand_own_name(name: str, taken: Collection[str] = ()) -> None:
    """It is by the name that people see who did what, so nobody goes by what stands for somebody else."""
    name = name.strip()
    if not name:
        raise action_refused("A name is needed: it stands beside what you do.")
    if not name.isprintable() or name.casefold() in _NOT_A_PERSON or name.casefold().startswith("token "):
        raise action_refused("'{name}' cannot be somebody's name here. Choose another.", name=name[:100])
    if name.casefold() in (one.casefold() for one in taken):
        raise action_refused(
            "Somebody called {name} works here already. Add a last name, so that it stays clear who did what.",
            name=name,
        )


def _set_password(user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])


def _demand_password(user: User, password: str, prove: Prove) -> None:
    if prove(user.email, password) is None:
        raise action_refused("That is not your present password.")


def _member(context: ActionContext, user_id: int) -> Membership:
    row = credentials.member(context.merchant_id, user_id)
    if row is None:
        raise action_refused("This person does not work here any more.")
    return row


def _demand_another_administrator(context: ActionContext, row: Membership) -> None:
    if row.role == Role.ADMINISTRATOR and not credentials.other_administrators(context.merchant_id, row.user_id):
        raise action_refused("{name} is the only administrator. Make somebody else one first.", name=row.user.name)
