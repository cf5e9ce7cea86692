"""The second factor of a person: six figures from a phone, and codes on paper for the day without it."""

import hashlib
import hmac
from base64 import b32encode
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from orderhaven.store.models import User

_RECOVERY_CODES = 10
_FIGURES = 6


@dataclass(frozen=True, slots=True)
class Beginning:
    """A factor that does not count yet: what the phone scans, and the same to be typed."""

    device: TOTPDevice
    address: str
    secret: str


def begin(person: User) -> Beginning:
    """The same one until it is confirmed."""
    device, _is_new = TOTPDevice.objects.get_or_create(user=person, confirmed=False, defaults={"name": "phone"})
    return Beginning(device, device.config_url, b32encode(device.bin_key).decode().rstrip("="))


def confirm(person: User, beginning: Beginning, figures: str) -> list[str]:
    """The recovery codes, each good once; none when the figures are wrong: then nothing changed."""
    if not beginning.device.verify_token(figures):
        return []
    with transaction.atomic():
        beginning.device.confirmed = True
        beginning.device.save()
        StaticDevice.objects.filter(user=person).delete()
        paper = StaticDevice.objects.create(user=person, name="paper", confirmed=True)
        codes = [StaticToken.random_token() for _number in range(_RECOVERY_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=paper, token=_kept(code)) for code in codes)
    return codes


def device_that_takes(person: User, code: str) -> Device | None:
    """Figures are the phone's, anything else stands on paper; each is asked for its own only.

    A device that is asked in vain takes nothing for a while, longer each time: asked at every log-in by phone, the paper
    would be closed for days on the day it is needed.
    """
    by_phone = code.isdecimal() and len(code) == _FIGURES
    wanted = code if by_phone else _kept(code)
    with transaction.atomic():
        found = (TOTPDevice if by_phone else StaticDevice).objects.filter(user=person, confirmed=True)
        return next((device for device in found.select_for_update() if device.verify_token(wanted)), None)


def end(person: User) -> None:
    with transaction.atomic():
        TOTPDevice.objects.filter(user=person).delete()
        StaticDevice.objects.filter(user=person).delete()


def _kept(code: str) -> str:
    """What is kept of a code, in as many characters as there is room for: without the hub's secret nobody finds the code again."""
    found = hmac.new(settings.SECRET_KEY.encode(), f"recovery {code}".encode(), hashlib.sha256).digest()
    return b32encode(found).decode().lower()[:16]
