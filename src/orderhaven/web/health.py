"""What machines ask: does it live, can it work, how much is there to do. Answered before everything else.

A probe comes by any address, without a session and many times a minute, so none of the other middleware sees it.
"""

import hmac
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from orderhaven import __version__, paths
from orderhaven.core.networks import is_loopback
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.ports.connector import clock_of_the_environment
from orderhaven.store.upkeep import clock_ahead, health
from orderhaven.store.upkeep.health import Figures
from orderhaven.sync.lock import hub_is_running

log = structlog.get_logger()
_LEAST_ROOM = 100 * 1024 * 1024  # bytes; `orderhaven doctor` warns much earlier
_SIGNS_OF_A_PROXY = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via")


class Probes:
    """Answers three addresses, and lets everything else by."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = _VIEWS.get(request.path_info)
        if view is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = view(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Length"] = str(len(response.content))  # else the connection ends with the answer
        return response


def lives(request: HttpRequest) -> HttpResponse:
    """Only that this process answers: nothing else is looked at."""
    return HttpResponse("ok\n", content_type="text/plain")


def is_ready(request: HttpRequest) -> HttpResponse:
    """200 when work can be done, 503 when not, and which check says so."""
    checks = {"database": _database(), "schema": _schema(), "disk": _disk(), "hub": hub_is_running(paths.lock_file())}
    checks["clock"] = checks["database"] and checks["schema"] and not _ahead()
    ready = all(checks.values())
    answer = {"ready": ready, "checks": {name: "ok" if well else "failed" for name, well in checks.items()}}
    return JsonResponse(answer, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus, and as if it were not there for everybody else."""
    if not (_knows_the_token(request) or _comes_from_this_machine(request)):
        return HttpResponse(status=404)
    try:
        return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)
    except DatabaseError as error:
        log.error("metrics_failed", cause=str(error))
        return HttpResponse(status=503)


_VIEWS: Mapping[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": lives,
    "/readyz": is_ready,
    "/metrics": metrics,
}


# ---------------------------------------------------------------- who asks


def _knows_the_token(request: HttpRequest) -> bool:
    token = os.environ.get("ORDERHAVEN_METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _comes_from_this_machine(request: HttpRequest) -> bool:
    """By itself, and calls it its own: not through a proxy that stands here, nor for a page whose name was led here."""
    try:
        near = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
        called = urlsplit(f"//{request.META.get('HTTP_HOST', 'localhost')}").hostname or ""
    except ValueError:
        return False
    return near and is_loopback(called) and not any(name in request.headers for name in _SIGNS_OF_A_PROXY)


# ---------------------------------------------------------------- what is looked at


def _database() -> bool:
    try:
        health.answers()
    except DatabaseError as error:
        log.error("not_ready", check="database", cause=str(error))
        return False
    return True


def _schema() -> bool:
    try:
        return health.schema_fits()
    except DatabaseError:
        return False


def _ahead() -> int:
    """Of how many connections the times lie in the future, as a clock that was ahead wrote them."""
    return len(clock_ahead.connections_ahead(clock_of_the_environment().now()))


def _disk() -> bool:
    folder = paths.data_folder()
    return not folder.exists() or shutil.disk_usage(folder).free >= _LEAST_ROOM


# ---------------------------------------------------------------- figures


def _registry() -> CollectorRegistry:
    """Its own, made for each scrape: nothing of it lives between two of them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Trade())
    ProcessCollector(registry=registry)
    return registry


class _Trade(Collector):
    def describe(self) -> Iterable[Metric]:
        return []  # what is not asked for is not read from the store

    def collect(self) -> Iterator[Metric]:
        now = clock_of_the_environment().now()
        found = health.figures(now)
        yield InfoMetricFamily("orderhaven_build", "Which version answers.", {"version": __version__})
        yield _one("hub_up", "Whether a hub runs on this data folder.", float(hub_is_running(paths.lock_file())))
        ahead = "Connections that were last pulled in the future: a clock was ahead then."
        pulled = [one.last_pulled_at for one in found.connections if one.last_pulled_at is not None]
        yield _one("connections_pulled_ahead", ahead, float(sum(at > now + clock_ahead.SLACK for at in pulled)))
        yield from _work(found, now)
        yield from _connections(found, now)


def _work(found: Figures, now: datetime) -> Iterator[Metric]:
    orders = "Orders with which something must still happen."
    yield _each("orders_open", orders, "status", Status, found.open_orders)
    yield _one("orders_late", "Open orders whose time to be sent is over.", found.late_orders)
    yield _each("problems_open", "Open Problems.", "kind", ProblemKind, found.problems)
    yield _each("messages", "What some side must still be sent.", "state", health.NOT_FINAL, found.messages)
    oldest = "For how long the oldest due message is due; 0 without one."
    yield _one("message_oldest_due_seconds", oldest, _seconds(found.oldest_due, now))
    yield _one("waits", "Completed orders that wait for a track & trace code.", found.waits)
    yield _one("deliveries_queued", "Mails and webhook calls that are still to go out.", found.deliveries)
    oldest = "For how long the oldest of them is due; 0 without one."
    yield _one("delivery_oldest_due_seconds", oldest, _seconds(found.oldest_delivery, now))


def _connections(found: Figures, now: datetime) -> Iterator[Metric]:
    by_state = GaugeMetricFamily("orderhaven_connections", "Connections.", labels=["side", "state"])
    counted: dict[tuple[str, str], int] = {}
    last_pull = GaugeMetricFamily(
        "orderhaven_connection_last_pull_seconds",
        "How long ago it was last pulled.",
        labels=["connection", "connector"],
    )
    failing = GaugeMetricFamily(
        "orderhaven_connection_failing", "Whether its last sync run failed.", labels=["connection", "connector"]
    )
    for one in found.connections:
        counted[one.side, one.state] = counted.get((one.side, one.state), 0) + 1
        failing.add_metric([str(one.connection_id), one.connector], float(one.is_failing))
        if one.last_pulled_at is not None:
            last_pull.add_metric([str(one.connection_id), one.connector], _seconds(one.last_pulled_at, now))
    for words, number in counted.items():
        by_state.add_metric(list(words), number)
    yield from (by_state, last_pull, failing)


def _one(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"orderhaven_{name}", meaning, value)


def _each(name: str, meaning: str, label: str, words: Iterable[str], values: Mapping[str, int]) -> Metric:
    """A line for every word, also for those that count nothing: an alarm needs something to compare with."""
    family = GaugeMetricFamily(f"orderhaven_{name}", meaning, labels=[label])
    for word in words:
        family.add_metric([str(word)], values.get(word, 0))
    return family


def _seconds(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0) if since is not None else 0.0
