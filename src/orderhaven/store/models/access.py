"""People and programs: who they are, and what they may do for which merchant."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from orderhaven.store.models.connections import Merchant


class User(AbstractBaseUser):
    """A person who can log in. The e-mail address is kept in small letters."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=100)
    language = models.CharField(max_length=5, default="")  # "": as the browser asks
    time_zone = models.CharField(max_length=60, default="")  # "": the hub's own
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = BaseUserManager["User"]()  # what Django's own log-in asks of a manager


class Membership(models.Model):
    """This person may do that much for this merchant."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "merchant"], name="one_role_per_merchant")]


class Invitation(models.Model):
    """A link that makes somebody a member once. Only the hash of its secret is kept."""

    merchant = models.ForeignKey(Merchant, models.CASCADE)
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=20)
    secret_hash = models.CharField(max_length=64, unique=True)
    created_by = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)


class Allowance(models.Model):
    """How often something may still be tried: see `store.access.allowances`."""

    key = models.CharField(max_length=64, primary_key=True)
    full_at = models.DateTimeField(db_index=True)


class Token(models.Model):
    """An API client's key. Only its hash is kept; the beginning is kept to tell tokens apart."""

    merchant = models.ForeignKey(Merchant, models.CASCADE)
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    secret_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)  # of core.access.Permission
    created_by = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)  # to the hour; null: never
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "name"], name="token_name")]
