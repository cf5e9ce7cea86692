"""What a mail is made of: news in, a letter out. Whoever starts the delivering says how the one becomes the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from orderhaven.core.notifications import NotificationKind


@dataclass(frozen=True, slots=True)
class NotificationContext:
    """What one mail says, and to whom: `data` is as `store.notifications` made it."""

    kind: NotificationKind
    facts: Mapping[str, Any]
    created_at: datetime
    merchant: str
    slug: str  # the merchant's part of every web address
    language: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class MailText:
    subject: str
    text: str


Write = Callable[[NotificationContext], MailText]
"""Called while the reader's language is spoken."""
