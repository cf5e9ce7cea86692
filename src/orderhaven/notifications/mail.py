"""Mail: which server sends it, what stands around a letter, and what the server's answers mean."""

import os
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from orderhaven.certificates import trusted_authorities
from orderhaven.core.networks import is_loopback
from orderhaven.core.translation import _
from orderhaven.notifications import delivery_answers
from orderhaven.notifications.templates import MailText
from orderhaven.store.notifications.deliveries import DeliveryResult

MAIL_TIMEOUT_S = 20.0  # for each step of the conversation
_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    is_tls: bool  # from the first byte
    starts_tls: bool
    user: str
    password: str = field(repr=False)
    sender: str  # as it stands in From
    timeout_s: float = MAIL_TIMEOUT_S


def mail_is_set_up() -> bool:
    """Whether mails are made at all."""
    try:
        return server_of_the_environment() is not None
    except OSError:
        return False


def server_of_the_environment() -> MailServer | None:
    """From ORDERHAVEN_SMTP_URL and ORDERHAVEN_MAIL_FROM; None when no server is named. Raises OSError with a sentence."""
    url = os.environ.get("ORDERHAVEN_SMTP_URL", "")
    sender = os.environ.get("ORDERHAVEN_MAIL_FROM", "")
    if not url:
        return None
    if not _is_address(sender):
        raise OSError(
            _(
                "ORDERHAVEN_SMTP_URL names a mail server, and ORDERHAVEN_MAIL_FROM no sender. "
                "Give one as orders@example.com or Orders <orders@example.com>."
            )
        )
    return _server(_parts(url), sender)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in _PORTS and parts.hostname and parts.port != 0:
            return parts
    except ValueError:  # a port that is none
        pass
    raise OSError(_(_WRONG_URL))


def _server(parts: SplitResult, sender: str) -> MailServer:
    host, is_tls = parts.hostname or "", parts.scheme == "smtps"
    starts_tls = parse_qs(parts.query).get("starttls", ["0"])[-1] in ("1", "true", "yes")
    if parts.password and not (is_tls or starts_tls or is_loopback(host)):
        raise OSError(
            _(
                "ORDERHAVEN_SMTP_URL would send the password unencrypted. Begin it with smtps:// or add ?starttls=1 to it."
            )
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(host, parts.port or _PORTS[parts.scheme], is_tls, starts_tls, user, password, sender)


_WRONG_URL = (
    "ORDERHAVEN_SMTP_URL is not an address as smtps://user:password@host or smtp://user:password@host:587?starttls=1."
)


def _is_address(sender: str) -> bool:
    before, _at, domain = parseaddr(sender)[1].partition("@")
    return bool(before and domain) and sender.isprintable()


def enveloped(
    letter: MailText, name: str, sender: str, to: str, created_at: datetime, preferences_url: str
) -> EmailMessage:
    """Every attempt has the same Message-ID, so that a mail that came twice is seen once. Raises ValueError."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = format_datetime(created_at)
    message["Message-ID"] = f"<{name}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{preferences_url}>"
    message.set_content(letter.text, cte="quoted-printable")
    return message


def send(server: MailServer, message: EmailMessage) -> tuple[DeliveryResult, str]:
    """One conversation with the server; blocks. What came of it, and the server's answer for the log."""
    try:
        talk = _connected(server)
        try:
            _hand_over(talk, server, message)
        finally:
            talk.close()
    except smtplib.SMTPRecipientsRefused as error:
        [(code, said)] = error.recipients.values()
        # 4xx: greylisting, a full box. 5xx: there is no such box, and asking again would only harm the sender's name
        return DeliveryResult.NEVER if code >= 500 else DeliveryResult.LATER, _answer(code, said)
    except smtplib.SMTPNotSupportedError as error:
        return DeliveryResult.LATER, str(error)
    except smtplib.SMTPResponseException as error:
        return DeliveryResult.LATER, _answer(error.smtp_code, error.smtp_error)
    except TimeoutError:
        return DeliveryResult.LATER, delivery_answers.NOT_IN_TIME
    except smtplib.SMTPServerDisconnected:
        return DeliveryResult.LATER, delivery_answers.BROKE_OFF
    except ssl.SSLCertVerificationError:
        return DeliveryResult.LATER, delivery_answers.NOT_TRUSTED
    except (smtplib.SMTPException, OSError):
        return DeliveryResult.LATER, delivery_answers.NOT_REACHED
    return DeliveryResult.DONE, "250"


def _hand_over(talk: smtplib.SMTP, server: MailServer, message: EmailMessage) -> None:
    if server.starts_tls:
        talk.starttls(context=trusted_authorities())
    if server.user:
        talk.login(server.user, server.password)
    talk.send_message(message)
    with suppress(OSError, smtplib.SMTPException):  # the mail is theirs by now, however the conversation ends
        talk.quit()


def _connected(server: MailServer) -> smtplib.SMTP:
    if server.is_tls:
        context = trusted_authorities()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_s, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)


def _answer(code: int, said: bytes | str) -> str:
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(f"{code} {words}".split())
