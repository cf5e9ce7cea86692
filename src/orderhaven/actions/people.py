"""Who may come in: the first administrator, invitations, roles, and what everybody may change about themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from zoneinfo import available_timezones

from orderhaven import catalogues, paths
from orderhaven.actions.errors import Impossible, impossible
from orderhaven.actions.hand import Hand, needs
from orderhaven.core.access import Power, Role
from orderhaven.store import access, merchants, second_factor
from orderhaven.store.models import Event, Invitation, Membership, User
from orderhaven.store.second_factor import Beginning

_NOT_A_PERSON = frozenset({"hub", "orderhaven"})  # who else may have done something
Prove = Callable[[str, str], User | None]
"""Whose address and password these are, None when they do not belong together. It counts the wrong ones: whoever may try as
often as they like finds any password.
"""


def first_administrator(code: str, email: str, name: str, password: str, trade: str, now: datetime) -> User:
    """Make the first account of this hub, with everything in its hands. Raises Impossible.

    `code` is what `orderhaven up` shows as long as there is nobody: who reads its output may begin.
    """
    if access.has_people():
        raise impossible("There are accounts here already. Log in, or ask an administrator to invite you.")
    if not access.is_welcome_code(code):
        raise impossible(
            "This link is not the one that Orderhaven showed when it started. Look there: orderhaven welcome"
        )
    _demand_good(email, name, password)
    merchant = access.first_merchant() or merchants.make(trade.strip()[:100] or merchants.FIRST_NAME)
    if trade.strip():
        merchants.rename(merchant, trade.strip()[:100])
    person = access.make_person(email, name, password, now)
    access.set_role(merchant.pk, person.pk, Role.ADMINISTRATOR, now, person.name)
    return person


def people(by: Hand) -> list[Membership]:
    """Everybody who works for the merchant."""
    by.demand(Power.LOOK)
    return access.members(by.merchant_id)


@needs(Power.SET_UP)
def invite(by: Hand, email: str, role: Role) -> str:
    """The link with which this person comes in, good for a week and for one use. Raises Impossible."""
    email = email.strip().lower()
    wrong = access.complaints(email, "")
    if wrong:
        raise Impossible(" ".join(wrong))
    known = access.of_email(email)
    if known is not None and access.member(by.merchant_id, known.pk):
        raise impossible("{email} works here already. Change the role in the list instead.", email=email)
    secret = access.invite(by.merchant_id, email, role, by.clock.now(), by.actor)
    return f"{paths.web_address()}/invitation/{secret}"


@needs(Power.SET_UP)
def open_invitations(by: Hand) -> list[Invitation]:
    return access.open_invitations(by.merchant_id, by.clock.now())


@needs(Power.SET_UP)
def take_back_invitation(by: Hand, invitation_id: int) -> None:
    access.take_back_invitation(by.merchant_id, invitation_id, by.clock.now(), by.actor)


def invitation(secret: str, now: datetime) -> Invitation:
    """Raises Impossible when it is over, used, or was never made."""
    found = access.invitation(secret, now)
    if found is None:
        raise impossible("This invitation is used or over. Ask for a new one.")
    return found


def accept(secret: str, name: str, password: str, now: datetime, prove: Prove) -> User:
    """Come in by an invitation: with a new account, or with the one this address has. Raises Impossible."""
    found = invitation(secret, now)
    person = access.of_email(found.email)
    if person is None:
        _demand_good(found.email, name, password)
        _demand_own_name(name, [row.user.name for row in access.members(found.merchant_id)])
        person = access.make_person(found.email, name, password, now)
    elif prove(person.email, password) is None:
        raise impossible("There is an account with this address, and that is not its password.")
    if not access.accept(found, person, now):
        raise impossible("This invitation is used or over. Ask for a new one.")
    return person


@needs(Power.SET_UP)
def change_role(by: Hand, user_id: int, role: Role) -> None:
    """Raises Impossible when nobody would be left who can undo it."""
    row = _member(by, user_id)
    if role is not Role.ADMINISTRATOR:
        _demand_another_administrator(by, row)
    access.set_role(by.merchant_id, user_id, role, by.clock.now(), by.actor)


@needs(Power.SET_UP)
def remove(by: Hand, user_id: int) -> None:
    """Takes away what the person may do here; the account stays. Raises Impossible."""
    row = _member(by, user_id)
    _demand_another_administrator(by, row)
    access.remove_member(row, by.clock.now(), by.actor)


@needs(Power.SET_UP)
def audit(by: Hand, before: int | None = None) -> list[Event]:
    """What people did beside the orders, newest first."""
    return access.audit(by.merchant_id, before)


def change_self(person: User, name: str, language: str, time_zone: str, now: datetime) -> None:
    """Name, language and time zone of one's own account. Raises Impossible."""
    name = name.strip()[:100]
    _demand_own_name(name, access.colleagues(person))
    if language and language not in catalogues.LANGUAGES:
        raise impossible("There is no language '{language}' here.", language=language)
    if time_zone and time_zone not in available_timezones():
        raise impossible("There is no time zone '{zone}'. Say it as in Europe/Amsterdam.", zone=time_zone)
    if name != person.name:
        access.note_of_person(person, now, "renamed", {"name": name})
    person.name, person.language, person.time_zone = name, language, time_zone
    person.save(update_fields=["name", "language", "time_zone"])


def change_password(person: User, old: str, new: str, prove: Prove, now: datetime) -> None:
    """All other sessions of this person end. Raises Impossible."""
    _demand_password(person, old, prove)
    _demand_good(person.email, person.name, new)
    _set_password(person, new)
    access.note_of_person(person, now, "password_changed", {})


def begin_second_factor(person: User, beginning: Beginning, figures: str, now: datetime) -> list[str]:
    """The recovery codes, each good once; none when the figures are wrong: then nothing changed."""
    codes = second_factor.confirm(person, beginning, figures)
    if codes:
        access.note_of_person(person, now, "second_factor_on", {})
    return codes


def end_second_factor(person: User, password: str, prove: Prove, now: datetime) -> None:
    """From now on the password alone opens the account. Raises Impossible."""
    _demand_password(person, password, prove)
    second_factor.end(person)
    access.note_of_person(person, now, "second_factor_off", {})


def demand_account(email: str) -> User:
    """Raises Impossible."""
    person = access.of_email(email)
    if person is None:
        raise impossible("There is no account with the address {email}.", email=email.strip())
    return person


def give_password(email: str, password: str, actor: str, now: datetime, *, without_second_factor: bool = False) -> None:
    """For whoever sits at the machine itself, and nobody else: an administrator of one merchant has no power over a
    person's account, which may be with others too. Raises Impossible.
    """
    person = demand_account(email)
    _demand_good(person.email, person.name, password)
    _set_password(person, password)
    access.note_of_person(person, now, "password_given", {}, actor)
    if without_second_factor:
        second_factor.end(person)
        access.note_of_person(person, now, "second_factor_off", {}, actor)


def _demand_good(email: str, name: str, password: str) -> None:
    _demand_own_name(name)
    wrong = access.complaints(email.strip().lower(), name, password)
    if wrong:
        raise Impossible(" ".join(wrong))


def _demand_own_name(name: str, taken: Collection[str] = ()) -> None:
    """It is by the name that people see who did what, so nobody goes by what stands for somebody else."""
    name = name.strip()
    if not name:
        raise impossible("A name is needed: it stands beside what you do.")
    if not name.isprintable() or name.casefold() in _NOT_A_PERSON or name.casefold().startswith("token "):
        raise impossible("'{name}' cannot be somebody's name here. Choose another.", name=name[:100])
    if name.casefold() in (one.casefold() for one in taken):
        raise impossible(
            "Somebody called {name} works here already. Add a last name, so that it stays clear who did what.",
            name=name,
        )


def _set_password(person: User, password: str) -> None:
    person.set_password(password)
    person.save(update_fields=["password"])


def _demand_password(person: User, password: str, prove: Prove) -> None:
    if prove(person.email, password) is None:
        raise impossible("That is not your present password.")


def _member(by: Hand, user_id: int) -> Membership:
    row = access.member(by.merchant_id, user_id)
    if row is None:
        raise impossible("This person does not work here any more.")
    return row


def _demand_another_administrator(by: Hand, row: Membership) -> None:
    if row.role == Role.ADMINISTRATOR and not access.other_administrators(by.merchant_id, row.user_id):
        raise impossible("{name} is the only administrator. Make somebody else one first.", name=row.user.name)
