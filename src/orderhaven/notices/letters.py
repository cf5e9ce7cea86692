"""What a mail is made of: news in, a letter out. Whoever starts the delivering says how the one becomes the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from orderhaven.core.notices import NoticeKind


@dataclass(frozen=True, slots=True)
class News:
    """What is told together, and to whom: `facts` are as `store.notices.tell` made them."""

    kind: NoticeKind
    facts: Mapping[str, Any]
    made_at: datetime
    merchant: str
    slug: str  # the merchant's part of every web address
    language: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str


Write = Callable[[News], Letter]
"""Called while the reader's language is spoken."""
