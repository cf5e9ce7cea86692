"""Holds a connector to recordings of the real server: its sandbox's answers, and the requests that it sends.

A recording is a folder of scenarios, one JSON file each: a server that is set up, and requests in order, each with the
answer that the real server gave. The connector's folder says how to set up its sandbox (`ports.replay.Stage`).
"""

from orderhaven.testing.replay.playing import Played, Verdict, play
from orderhaven.testing.replay.recording import Scenario, Step, scenarios_in
from orderhaven.testing.replay.requests import Form, Taken, forms_of, what_was_taken
from orderhaven.testing.replay.situations import all_sent

__all__ = [
    "Form",
    "Played",
    "Scenario",
    "Step",
    "Taken",
    "Verdict",
    "all_sent",
    "forms_of",
    "play",
    "scenarios_in",
    "what_was_taken",
]
