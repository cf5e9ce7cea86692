"""WooCommerce's webhooks, judged: signed with our secret, and about an order."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping

from orderhaven.ports.connector import NudgeVerdict

_TOPICS = frozenset({"order.created", "order.updated", "order.deleted", "order.restored"})
# when a webhook is saved, WooCommerce tries its address by a form that it does not sign
_GREETING = re.compile(rb"webhook_id=\d{1,20}")


def judge(headers: Mapping[str, str], body: bytes, secret: str) -> NudgeVerdict:
    given = headers.get("x-wc-webhook-signature", "")
    if not given and _GREETING.fullmatch(body):
        return NudgeVerdict.IGNORED
    if not hmac.compare_digest(signature(body, secret), given.encode()):
        return NudgeVerdict.REJECTED
    # the topic is not signed; whoever changes it can have us listen, and nothing else
    return NudgeVerdict.ACCEPTED if headers.get("x-wc-webhook-topic", "") in _TOPICS else NudgeVerdict.IGNORED


def signature(body: bytes, secret: str) -> bytes:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
