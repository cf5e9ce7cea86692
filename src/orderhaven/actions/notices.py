"""What a person is told of by mail, for each merchant that person works for."""

from collections.abc import Collection

from orderhaven.actions.errors import impossible
from orderhaven.actions.hand import Hand, needs
from orderhaven.core.access import Power, Role
from orderhaven.core.notices import NoticeKind
from orderhaven.store import access, deliveries, notices
from orderhaven.store.models import Channel, Delivery


@needs(Power.LOOK)
def wishes(by: Hand, user_id: int) -> dict[NoticeKind, bool]:
    """Of each kind whether this person is told. Raises Impossible for somebody who does not work here."""
    return notices.wishes(by.merchant_id, user_id, _role(by, user_id))


@needs(Power.LOOK)
def wish(by: Hand, user_id: int, wanted: Collection[NoticeKind]) -> None:
    """From now on these kinds and no others. Raises Impossible for somebody who does not work here."""
    _role(by, user_id)
    notices.wish(by.merchant_id, user_id, wanted)


@needs(Power.SET_UP)
def mail_log(by: Hand) -> list[Delivery]:
    """The latest mails, to whom, and what came of each."""
    return deliveries.log(by.merchant_id, Channel.MAIL)


def _role(by: Hand, user_id: int) -> Role:
    row = access.member(by.merchant_id, user_id)
    if row is None:
        raise impossible("This person does not work here any more.")
    return Role(row.role)
