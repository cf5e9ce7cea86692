"""Names that stand in a recording for what differs from server to server: ids, moments, random keys."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_NAME = re.compile(r"\{([a-z][a-z0-9: _-]*?)([+-]\d+s)?( local)?\}")
_MOMENT = re.compile(r"\{((?:now|step \d+)(?: or (?:now|step \d+))*)( local)?( blank)?( seconds)?\}Z?")
_SLACK_S = 1.5  # a server writes whole seconds

# The whole list of what may differ from the recording. All else is compared as it stands.
MAY_DIFFER = {
    "order1": "an id: the same name must be the same value throughout the scenario",
    "now, step 3, step 1 or now": "a moment: within that step, or within one of those that are named",
    "date": "a date in words, and what follows it",
    "key": "an order's random key",
    "nonce": "a nonce",
    "host": "a host",
    "listener": "the address that webhooks go to",
}
_ANYTHING = re.compile(r"\\\{(key|nonce|host|listener)\\\}")


class Names:
    """What one scenario has learned so far, and when each of its steps happened."""

    def __init__(self, zone: str) -> None:
        self.values: dict[str, Any] = {}
        self.steps: list[tuple[float, float]] = []  # begin and end in seconds; 0 is the preparation
        self._zone = ZoneInfo(zone)

    def filled(self, value: Any) -> Any:
        """With each known name replaced; a text that is only a name becomes the value itself."""
        if isinstance(value, dict):
            return {self.filled(key): self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        if not isinstance(value, str):
            return value
        whole = _NAME.fullmatch(value)
        if whole and whole[1] in self.values and not whole[2] and not whole[3]:
            return self.values[whole[1]]
        return _NAME.sub(self._put, value)

    def learn(self, recorded: Any, given: Any) -> None:
        """Each name takes the value that stands at its place, the first time."""
        if isinstance(recorded, dict) and isinstance(given, dict):
            for key, value in recorded.items():
                if key in given:
                    self.learn(value, given[key])
        elif isinstance(recorded, list) and isinstance(given, list):
            for one, other in zip(recorded, given, strict=False):
                self.learn(one, other)
        elif isinstance(recorded, str) and isinstance(given, (str, int, float)) and given not in ("", 0):
            whole = _NAME.fullmatch(recorded)
            if whole and not _MOMENT.fullmatch(recorded) and not isinstance(given, bool):
                self.values.setdefault(whole[1], given)

    def agree(self, recorded: Any, given: Any) -> bool:
        """Whether this is what was recorded, but for what may differ."""
        if isinstance(recorded, dict) and isinstance(given, dict):
            return recorded.keys() == given.keys() and all(self.agree(recorded[key], given[key]) for key in recorded)
        if isinstance(recorded, list) and isinstance(given, list):
            return len(recorded) == len(given) and all(map(self.agree, recorded, given))
        if isinstance(recorded, str) and "{" in recorded:
            return self._agree_in_text(recorded, given)
        if isinstance(recorded, bool) or isinstance(given, bool):
            return recorded is given
        if isinstance(recorded, (int, float)) and isinstance(given, (int, float)):
            return abs(recorded - given) < 1e-9
        return type(recorded) is type(given) and bool(recorded == given)

    def _agree_in_text(self, recorded: str, given: Any) -> bool:
        if moment := _MOMENT.fullmatch(recorded):
            return isinstance(given, (str, int)) and self._is_moment(moment, str(given))
        if "{date}" in recorded:
            return isinstance(given, str) and given.startswith(recorded.partition("{date}")[0])
        expected = str(self.filled(recorded))
        if _ANYTHING.search(re.escape(expected)):
            return re.fullmatch(_ANYTHING.sub(".+?", re.escape(expected)), str(given)) is not None
        return expected == str(given)

    def _is_moment(self, named: re.Match[str], given: str) -> bool:
        read: Callable[[str], datetime] = _of_seconds if named[4] else datetime.fromisoformat
        try:
            moment = read(given.replace("Z", "")).replace(tzinfo=self._zone if named[2] else UTC).timestamp()
        except ValueError:
            return False
        spans = [self.steps[-1] if word == "now" else self.steps[int(word[5:])] for word in named[1].split(" or ")]
        return any(begin - _SLACK_S <= moment <= end + _SLACK_S for begin, end in spans)

    def _put(self, found: re.Match[str]) -> str:
        """A known name in a text; a date may be shifted by seconds, or given in the server's own time."""
        if found[1] not in self.values:
            return found[0]
        known = str(self.values[found[1]])
        if not found[2] and not found[3]:
            return known
        moment = datetime.fromisoformat(known) + timedelta(seconds=int((found[2] or "0s")[:-1]))
        if found[3]:
            moment = moment.replace(tzinfo=UTC).astimezone(self._zone)
        return moment.strftime("%Y-%m-%dT%H:%M:%S")


def names_in(value: Any) -> set[str]:
    """Every name that stands in it, moments left out."""
    if isinstance(value, dict):
        return {name for pair in value.items() for part in pair for name in names_in(part)}
    if isinstance(value, list):
        return {name for part in value for name in names_in(part)}
    if not isinstance(value, str):
        return set()
    return {found[1] for found in _NAME.finditer(value) if not _MOMENT.fullmatch(found[0])}


def _of_seconds(text: str) -> datetime:
    return datetime.fromtimestamp(float(text), UTC)
