"""What a correction says of the shipment whose number it changes; the number itself is read when it goes out."""

from msgspec.structs import replace

from orderhaven.store.models import Kind, Message, Shipment
from orderhaven.store.payloads import ConfirmPayload, CorrectPayload


def reference(message: Message) -> str:
    """Ours: the same from any hub that tells this, so that a look recognises it after a restore."""
    return f"oh-{message.order.ref}-{message.kind}-{message.generation}.{message.part}"


def correction_of(shipment: Shipment) -> CorrectPayload:
    return _known(shipment.message, shipment.remote_ref)


def uncorrected(order_id: int, code: str, generation: int | None = None) -> Shipment | None:
    """A shipment of the confirmation with another number: what one request does not take goes in parts, and each makes a shipment.

    `generation` of the confirmation; None: the last one.
    """
    made = Shipment.objects.filter(order_id=order_id, message__kind=Kind.CONFIRM).order_by("-id")
    if generation is None:
        generation = made.values_list("message__generation", flat=True).first() or 0
    together = made.filter(message__generation=generation, label="").exclude(code=code)
    return together.select_related("message__order").first()


def next_correction(told: Message, remote_ref: str) -> CorrectPayload:
    """Of the shipment that `told` has just confirmed, or corrected: its own row may not be written yet."""
    if isinstance(told.payload, CorrectPayload):
        return replace(told.payload, shipment_ref=remote_ref or told.payload.shipment_ref)
    return _known(Message.objects.select_related("order").get(pk=told.pk), remote_ref)


def _known(confirmation: Message, remote_ref: str) -> CorrectPayload:
    """The marketplace's own key where it gave one, our reference, and the pieces that left."""
    return CorrectPayload(
        confirmation=confirmation.pk,
        shipment_ref=remote_ref,
        confirmed_as=reference(confirmation),
        pieces=confirmation.payload.pieces if isinstance(confirmation.payload, ConfirmPayload) else {},
    )
