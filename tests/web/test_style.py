"""What the style sheet calls by a name of ours has that name: a colour for what does not exist is not missed by anybody."""

import re

from orderhaven import paths
from orderhaven.core.status import Status
from orderhaven.words.orders import NEEDS_ATTENTION
from orderhaven.words.timeline import EVENTS

STYLE = (paths.package("web", "static") / "orderhaven" / "style.css").read_text()
OF_CONNECTIONS = {"waiting", "paused", "trouble", "well"}  # as `connection_state.html` and `links.html` say it


def test_events_with_a_colour_are_events() -> None:
    kinds = set(re.findall(r"\.event-(\w+)", STYLE))

    assert {"problem", "rejected", "confirmed"} <= kinds <= set(EVENTS)


def test_every_status_has_a_dot_and_no_other_word_has_one() -> None:
    marks = set(re.findall(r"\.dot-(\w+)", STYLE))

    assert marks == {*Status, "confirming", NEEDS_ATTENTION} | OF_CONNECTIONS
