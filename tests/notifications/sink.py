"""A mail server on loopback that keeps what it is sent."""

import asyncio
import email
import email.policy
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass
class Sink:
    """Says yes to everything, but for the answers that lie in wait: `answers["RCPT"] = "550 no such box"`."""

    mails: list[EmailMessage] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    is_silent: bool = False  # accepts the connection, and never says a word
    _server: asyncio.Server | None = None

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    def text(self, number: int = -1) -> str:
        return str(self.mails[number].get_content())

    def readers(self) -> list[str]:
        return sorted(str(mail["To"]) for mail in self.mails)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_silent:
            await reader.read()
            writer.close()
            return
        writer.write(b"220 sink\r\n")
        while line := (await reader.readline()).decode().strip():
            verb = line.split()[0].upper()
            self.commands.append(line)
            answer = self.answers.get(verb) or _USUAL.get(verb, "250 ok")
            writer.write(f"{answer}\r\n".encode())
            if verb == "DATA" and answer.startswith("354"):
                self._keep(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(f"{self.answers.get('SENT', '250 taken')}\r\n".encode())
            if verb == "QUIT":
                break
        writer.close()

    def _keep(self, data: bytes) -> None:
        whole = data.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
        self.mails.append(email.message_from_bytes(whole, policy=email.policy.default))  # type: ignore[arg-type]


_USUAL = {"EHLO": "250-sink\r\n250 AUTH PLAIN", "DATA": "354 go on", "QUIT": "221 bye", "AUTH": "235 welcome"}
