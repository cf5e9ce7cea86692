"""What a user is notified of by mail, for each merchant that person works for."""

from collections.abc import Collection

from orderhaven.actions.context import ActionContext, requires
from orderhaven.actions.errors import action_refused
from orderhaven.core.access import Permission, Role
from orderhaven.core.notifications import NotificationKind
from orderhaven.store.access import credentials
from orderhaven.store.models import Channel, Delivery
from orderhaven.store.notifications import deliveries, notifications


@requires(Permission.READ)
def preferences(context: ActionContext, user_id: int) -> dict[NotificationKind, bool]:
    """Of each kind whether this user is notified. Raises ActionRefused for somebody who does not work here."""
    return notifications.preferences(context.merchant_id, user_id, _role(context, user_id))


@requires(Permission.READ)
def set_preference(context: ActionContext, user_id: int, wanted: Collection[NotificationKind]) -> None:
    """From now on these kinds and no others. Raises ActionRefused for somebody who does not work here."""
    _role(context, user_id)
    notifications.set_preference(context.merchant_id, user_id, wanted)


@requires(Permission.CONFIGURE)
def mail_log(context: ActionContext) -> list[Delivery]:
    """The latest mails, to whom, and what came of each."""
    return deliveries.log(context.merchant_id, Channel.MAIL)


def _role(context: ActionContext, user_id: int) -> Role:
    row = credentials.member(context.merchant_id, user_id)
    if row is None:
        raise action_refused("This person does not work here any more.")
    return Role(row.role)
