"""People, invitations and programs' tokens. Of a secret only its hash is kept."""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction

from orderhaven.core.access import Permission, Role
from orderhaven.store.access.allowances import forget_full
from orderhaven.store.models import Event, Invitation, Membership, Merchant, Token, User

INVITATION_LASTS = timedelta(days=7)
_TOKEN_PREFIX = "oh_"  # so that a leaked one is recognised as ours # noqa: S105
_USED_TO_THE = timedelta(hours=1)


def hash_of(secret: str) -> str:
    """A secret of ours is long and random, so a plain hash keeps it."""
    return hashlib.sha256(secret.encode()).hexdigest()


# ---------------------------------------------------------------- people


def welcome_code() -> str:
    """Who knows it may make the first account. It is worth nothing once there is one."""
    return hmac.new(settings.SECRET_KEY.encode(), b"first account", hashlib.sha256).hexdigest()[:24]


def is_welcome_code(code: str) -> bool:
    return hmac.compare_digest(code.encode(), welcome_code().encode())


def has_users() -> bool:
    return User.objects.exists()


def objections(email: str, name: str, password: str | None = None) -> list[str]:
    """What is wrong with them, a sentence each."""
    found: list[str] = []
    try:
        User._meta.get_field("email").run_validators(email)  # also that it is not longer than it can be kept
    except ValidationError as error:
        found += error.messages
    if password is not None:
        try:
            validate_password(password, User(email=email, name=name))
        except ValidationError as error:
            found += error.messages
    return found


def of_email(email: str) -> User | None:
    return User.objects.filter(email=email.strip().lower()).first()


def create_user(email: str, name: str, password: str, now: datetime) -> User:
    person = User(email=email.strip().lower(), name=name.strip()[:100], created_at=now)
    person.set_password(password)
    person.save(force_insert=True)
    return person


def members(merchant_id: int) -> list[Membership]:
    return list(Membership.objects.filter(merchant_id=merchant_id).select_related("user").order_by("user__name", "id"))


def member(merchant_id: int, user_id: int) -> Membership | None:
    return Membership.objects.filter(merchant_id=merchant_id, user_id=user_id).select_related("user").first()


def other_administrators(merchant_id: int, user_id: int) -> bool:
    rows = Membership.objects.filter(merchant_id=merchant_id, role=Role.ADMINISTRATOR).exclude(user_id=user_id)
    return rows.exists()


def set_role(merchant_id: int, user_id: int, role: Role, now: datetime, actor: str) -> None:
    with transaction.atomic():
        row, is_new = Membership.objects.update_or_create(
            merchant_id=merchant_id, user_id=user_id, defaults={"role": str(role)}
        )
        kind = "joined" if is_new else "role_changed"
        note(merchant_id, now, actor, kind, {"person": row.user.name, "role": str(role)})


def remove_member(row: Membership, now: datetime, actor: str) -> None:
    with transaction.atomic():
        note(row.merchant_id, now, actor, "removed", {"person": row.user.name})
        row.delete()


def note(merchant_id: int, now: datetime, actor: str, kind: str, data: Mapping[str, str]) -> None:
    """Something that concerns the merchant, and neither an order nor a connection."""
    Event.objects.create(merchant_id=merchant_id, at=now, actor=actor, kind=kind, data=dict(data))


def note_of_person(person: User, now: datetime, kind: str, data: Mapping[str, str], actor: str = "") -> None:
    """Something about a person's own account, for every merchant they work for; `actor` where it was not the person."""
    for merchant_id in Membership.objects.filter(user=person).values_list("merchant_id", flat=True):
        note(merchant_id, now, actor or person.name, kind, {"person": person.name, **data})


def colleagues(person: User) -> list[str]:
    """The names of everybody else who works for a merchant that this person works for."""
    at = Membership.objects.filter(user=person).values("merchant_id")
    others = Membership.objects.filter(merchant_id__in=at).exclude(user=person)
    return list(others.values_list("user__name", flat=True).distinct())


def forget_ended(now: datetime) -> None:
    """Sessions that ended, wrong passwords of a while ago, invitations nobody took: nothing needs them any more."""
    Session.objects.filter(expire_date__lt=now).delete()
    forget_full(now)
    Invitation.objects.filter(expires_at__lt=now - INVITATION_LASTS).delete()


# ---------------------------------------------------------------- invitations


def invite(merchant_id: int, email: str, role: Role, now: datetime, actor: str) -> str:
    """The secret of the link; an older invitation of the same person ends."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        Invitation.objects.filter(merchant_id=merchant_id, email=email, accepted_at__isnull=True).delete()
        Invitation.objects.create(
            merchant_id=merchant_id, email=email, role=str(role), secret_hash=hash_of(secret), created_by=actor,
            created_at=now, expires_at=now + INVITATION_LASTS,
        )  # fmt: skip
        note(merchant_id, now, actor, "invited", {"role": str(role)})
    return secret


def invitation(secret: str, now: datetime) -> Invitation | None:
    """One that can still be accepted."""
    rows = Invitation.objects.filter(secret_hash=hash_of(secret), accepted_at__isnull=True, expires_at__gt=now)
    return rows.select_related("merchant").first()


def open_invitations(merchant_id: int, now: datetime) -> list[Invitation]:
    rows = Invitation.objects.filter(merchant_id=merchant_id, accepted_at__isnull=True, expires_at__gt=now)
    return list(rows.order_by("-id")[:100])


def revoke_invitation(merchant_id: int, invitation_id: int, now: datetime, actor: str) -> None:
    with transaction.atomic():
        found = Invitation.objects.filter(merchant_id=merchant_id, pk=invitation_id, accepted_at__isnull=True).first()
        if found is not None:
            note(merchant_id, now, actor, "invitation_revoked", {"role": found.role})
            found.delete()


def accept(found: Invitation, person: User, now: datetime) -> bool:
    """Once: whether it was this call that made the person a member."""
    with transaction.atomic():
        mine = Invitation.objects.filter(pk=found.pk, accepted_at__isnull=True).update(accepted_at=now)
        if mine:
            set_role(found.merchant_id, person.pk, Role(found.role), now, person.name)
    return bool(mine)


# ---------------------------------------------------------------- tokens


def create_token(merchant_id: int, name: str, scopes: Collection[Permission], now: datetime, actor: str) -> str:
    """The token itself, which is shown once."""
    secret = _TOKEN_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        Token.objects.create(
            merchant_id=merchant_id, name=name, prefix=secret[:8], secret_hash=hash_of(secret),
            scopes=sorted(scopes), created_by=actor, created_at=now,
        )  # fmt: skip
        note(merchant_id, now, actor, "token_created", {"name": name, "scopes": ", ".join(sorted(scopes))})
    return secret


def token_named(merchant_id: int, name: str) -> Token | None:
    return Token.objects.filter(merchant_id=merchant_id, name=name).first()


def token(secret: str, now: datetime) -> Token | None:
    """A token that is good; that it was used is written once an hour."""
    found = Token.objects.filter(secret_hash=hash_of(secret), revoked_at__isnull=True).first()
    if found is not None and (found.last_used_at is None or now - found.last_used_at > _USED_TO_THE):
        Token.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def tokens(merchant_id: int) -> list[Token]:
    return list(Token.objects.filter(merchant_id=merchant_id, revoked_at__isnull=True).order_by("name")[:200])


def revoke_token(merchant_id: int, token_id: int, now: datetime, actor: str) -> bool:
    with transaction.atomic():
        found = Token.objects.filter(merchant_id=merchant_id, pk=token_id, revoked_at__isnull=True).first()
        if found is None:
            return False
        found.revoked_at, found.name = now, f"{found.name[:80]} ({found.pk})"  # its name is free again
        found.save(update_fields=["revoked_at", "name"])
        note(merchant_id, now, actor, "token_revoked", {"name": found.name})
    return True


# ---------------------------------------------------------------- audit


def audit(merchant_id: int, before: int | None = None, limit: int = 100) -> list[Event]:
    """What was done and what happened beside the orders, newest first; of orders the order's own page tells."""
    ours = Event.objects.filter(order__isnull=True)
    mine = ours.filter(merchant_id=merchant_id) | ours.filter(connection__merchant_id=merchant_id)
    if before is not None:
        mine = mine.filter(pk__lt=before)
    return list(mine.select_related("connection").order_by("-id")[:limit])


def first_merchant() -> Merchant | None:
    return Merchant.objects.order_by("id").first()
