"""Problems as people read them: the sentence of a kind with its values, in the language that is spoken."""

from collections.abc import Mapping

from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import CancelReason
from orderhaven.core.problems import AT_FIRST, QUOTED, SENTENCES, ProblemKind
from orderhaven.core.reasons import translate_reason
from orderhaven.core.status import STATUS_NAMES, Status, Trigger
from orderhaven.core.translation import _, n_


def setup_sentence(kind: ProblemKind, values: Mapping[str, str]) -> str:
    """What kept a connection from being made, or a question of a person from being answered."""
    return _format(_(AT_FIRST[kind]), values) if kind in AT_FIRST else sentence(kind, values)


def sentence(kind: ProblemKind, values: Mapping[str, str]) -> str:
    """What happened, to what, and what to do, in the language that is spoken."""
    return _format(_(SENTENCES[kind]), values)


def _format(text: str, values: Mapping[str, str]) -> str:
    said_of = {name: _format_value(name, value) for name, value in values.items()}
    if "seconds" in values:
        said_of["duration"] = _apart(values["seconds"])
    return text.format_map(_Values(said_of))


def _apart(seconds: str) -> str:
    """How far, in the largest unit that says it: nobody counts 22863210 seconds."""
    apart = abs(int(seconds)) if seconds.lstrip("-").isdecimal() else 0
    if apart < 120:
        return n_("{number} second", "{number} seconds", apart)
    if apart < 2 * 3600:
        return n_("{number} minute", "{number} minutes", round(apart / 60))
    if apart < 2 * 86400:
        return n_("{number} hour", "{number} hours", round(apart / 3600))
    return n_("{number} day", "{number} days", round(apart / 86400))


def _format_value(name: str, value: str) -> str:
    match name:
        case "side" | "reason" | "cause" | "candidates" | "lines":
            return "; ".join(map(translate_reason, value.split("\n")))
        case "status" if value in list(Status):
            return _(STATUS_NAMES[Status(value)][1])
        case "trigger" if value in list(Trigger):
            return Trigger(value).label
        case "carrier" if value in list(Carrier):
            return Carrier(value).display_name
        case "cancel_reason" if value in list(CancelReason):
            return CancelReason(value).label
        case "place":
            return value or _("the field for it")
        case "channel":
            return _("on channel {channel}", channel=value) if value else _("without saying on which channel")
        case "quoted":
            return f'"{value}"' if value else _("something")
    return value


class _Values(dict[str, str]):
    """Old rows may lack a value that a newer sentence names; a sentence must still be said."""

    def __missing__(self, key: str) -> str:
        return _("something") if key == QUOTED else "?"
