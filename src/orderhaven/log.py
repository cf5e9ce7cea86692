"""The log of hub and web alike, to stderr: one JSON object per line for programs, words where somebody looks at a terminal."""

import logging
import os
import sys
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import structlog
from structlog.types import EventDict, Processor

from orderhaven import paths

LOG_FORM = "ORDERHAVEN_LOG"


class LogForm(StrEnum):
    JSON = "json"
    TEXT = "text"


class _Line(structlog.PrintLogger):
    """To stderr. A log that cannot be written, on a full disk say, must not end the hub."""

    def __init__(self, *_: object) -> None:
        super().__init__(sys.stderr)

    def msg(self, message: str) -> None:
        with suppress(OSError):
            super().msg(message)

    debug = info = warning = error = critical = exception = msg


def log_to_stderr() -> None:
    """Ours and other people's lines alike. Tracebacks come without local variables: those hold addresses and tokens."""
    in_words = _form() is LogForm.TEXT
    stamp = _local_time if in_words else structlog.processors.TimeStamper(fmt="iso", utc=True)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        stamp,
        structlog.processors.format_exc_info,
    ]
    written: list[Processor] = [_sentence, _words()] if in_words else [structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*shared, *written],
        logger_factory=_Line,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    theirs = logging.StreamHandler(sys.stderr)
    theirs.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *written],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[theirs], force=True)


def _form() -> LogForm:
    given = os.environ.get(LOG_FORM, "")
    if given in list(LogForm):
        return LogForm(given)
    return LogForm.TEXT if sys.stderr.isatty() else LogForm.JSON


def _words() -> Processor:
    colors = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    return structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)


def _local_time(_logger: object, _method: str, line: EventDict) -> EventDict:
    line["timestamp"] = datetime.now(ZoneInfo(paths.time_zone())).strftime("%Y-%m-%d %H:%M:%S")
    return line


def _sentence(_logger: object, _method: str, line: EventDict) -> EventDict:
    """What is said to a person stands alone."""
    if "say" in line:
        line["event"] = line.pop("say")
    return line
