"""Whom encrypted connections trust: the machine's usual authorities, and those that the operator names."""

import os
import ssl

from orderhaven.core.translation import _

VARIABLE = "ORDERHAVEN_CA_FILE"


class NoCertificates(OSError):
    """The file that the operator names cannot be used. Its text is a sentence for whoever starts the hub."""


def trusted_authorities() -> ssl.SSLContext:
    """The machine's own, and those in ORDERHAVEN_CA_FILE (PEM) beside them. Raises NoCertificates."""
    context = ssl.create_default_context()
    file = os.environ.get(VARIABLE, "")
    if not file:
        return context
    try:
        context.load_verify_locations(cafile=file)
    except (OSError, ssl.SSLError) as error:
        why = _("it holds no certificates in PEM form") if isinstance(error, ssl.SSLError) else error.strerror
        text = _("{name} names {file}, which cannot be used: {why}.", name=VARIABLE, file=file, why=why)
        raise NoCertificates(text) from None
    return context
