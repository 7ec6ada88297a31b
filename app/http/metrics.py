"""What the service counts of its requests, one worker's or all of them together."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.values import MutexValue, ValueClass

# Where `idts serve` has told the workers of a directory, each counts in files there: see `tell_workers`.
IS_SHARED = ValueClass is not MutexValue


class Metrics:
    """Counters of one application; the route's template is the label, never the address itself."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self.requests = Counter("idts_http_requests", "Requests answered", labels, registry=self.registry)
        self.seconds = Histogram(
            "idts_http_request_seconds",
            "Time to answer",
            ["method", "route"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=self.registry,
        )
        self._bound: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        bound = self._bound.get((method, route, status))
        if bound is None:
            bound = self._bound[method, route, status] = (
                self.requests.labels(method, route, str(status)),
                self.seconds.labels(method, route),
            )
        bound[0].inc()
        bound[1].observe(seconds)

    def exposition(self) -> bytes:
        """Everything counted since the service started, in the form that Prometheus reads."""
        registry = self.registry
        if IS_SHARED:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
