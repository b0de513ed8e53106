"""The figures of the estate: each family of metrics as a function of time, the story and seeded noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random

from console.clock import Millis
from console.drill.estate import NODE_PORT, SERVICES, Service, instances, nodes
from console.drill.story import HEALS_S, Story

Labels = dict[str, str]
Next = Callable[[Millis, float], float]
"""Value at a wall time and second of the story; asked in order of time, so counters can add up."""
Series = tuple[str, Labels, Next]

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)
SPREAD = 0.62
"""Sigma of the log-normal distribution of response times."""
ERRORS = {"orders": (-8.0, 0.31), "payments": (-5.0, 0.22), "checkout": (-2.0, 0.123), "storefront": (20.0, 0.03)}
"""Service → second of the story at which it begins to fail, share of requests that fail in the end."""
SLOWER = {
    "orders-db": (-20.0, 90.0), "orders": (-12.0, 30.0), "payments": (-8.0, 7.0), "checkout": (-4.0, 5.0),
    "storefront": (30.0, 3.0), "search": (-1000.0, 0.0),
}  # fmt: skip
"""Service → second of the story, times longer in the end."""


class Wander:
    """Noise with a memory: returns to its mean, in units of one standard deviation."""

    def __init__(self, seed: str, stickiness: float = 0.9) -> None:
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose
        self._stickiness = stickiness
        self._push = math.sqrt(1 - stickiness * stickiness)
        self._value = self._random.gauss(0, 1)

    def next(self) -> float:
        self._value = self._stickiness * self._value + self._push * self._random.gauss(0, 1)
        return self._value


def daily(at: Millis) -> float:
    """Traffic by hour of the day in UTC, 1 on average: most at 14, least at 2."""
    return 1 + 0.32 * math.cos((at / 3_600_000 - 14) / 24 * math.tau)


class Figures:
    """All families by name; built for one story, seed and distance between samples."""

    def __init__(self, story: Story, seed: int, step_s: float) -> None:
        self._story = story
        self._seed = seed
        self._step_s = step_s
        self.families: dict[str, Callable[[], Iterator[Series]]] = {
            "up": self._up,
            "scrape_duration_seconds": self._scrapes,
            "http_requests_total": self._requests,
            **dict.fromkeys(("", "_bucket", "_sum", "_count"), self._durations),
            "container_cpu_usage_seconds_total": self._cpu,
            **dict.fromkeys(("db_pool_connections_in_use", "db_pool_connections_max"), self._pool),
            "orders_created_total": self._orders,
            **dict.fromkeys(("node_filesystem_avail_bytes", "node_filesystem_size_bytes"), self._disk),
            "node_load1": self._load,
        }
        for suffix in ("", "_bucket", "_sum", "_count"):
            build = self.families.pop(suffix)
            if suffix:
                self.families[f"http_request_duration_seconds{suffix}"] = build

    def _wander(self, *names: str) -> Wander:
        return Wander(f"{self._seed}/{'/'.join(names)}")

    def _level(self, second: float, onset: float) -> float:
        return self._story.level("cascade", second, onset)

    def errors(self, service: str, second: float) -> float:
        """Share of a service's requests that fail."""
        onset, most = ERRORS.get(service, (0.0, 0.0))
        return 0.0012 + most * self._level(second, onset)

    def median_s(self, service: Service, second: float) -> float:
        """Median response time."""
        onset, times = SLOWER.get(service.name, (0.0, 0.0))
        slow = 1.9 if service.name == "search" else 1.0
        return service.median_s * slow * (1 + times * self._level(second, onset))

    def rate(self, service: Service, at: Millis, second: float) -> float:
        """Requests a second on one host; callers give up while what they need fails."""
        gives_up = {"orders": 0.35, "checkout": 0.3, "orders-db": 0.55, "payments": 0.25, "storefront": 0.12}
        lost = gives_up.get(service.name, 0.0) * self._level(second, 5.0)
        return service.rate * daily(at) * (1 - lost)

    # Families

    def _up(self) -> Iterator[Series]:
        for service, host in instances():
            yield "up", service.labels(host), lambda at, second: 1.0
        for cluster, host in nodes():
            labels = {"cluster": cluster, "host": host, "instance": f"{host}:{NODE_PORT}", "job": "node"}
            yield "up", labels, self._node_up(host)

    def _scrapes(self) -> Iterator[Series]:
        for _, labels, _ in self._up():
            wander = self._wander("scrape", labels["instance"])

            def took(at: Millis, second: float, wander: Wander = wander) -> float:
                return 0.012 * math.exp(0.3 * wander.next())

            yield "scrape_duration_seconds", labels, took

    def _node_up(self, host: str) -> Next:
        flapping = [e for e in self._story.events if e.wave.flap_s and e.labels["host"] == host]
        if not flapping:
            return lambda at, second: 1.0
        begin, turn = flapping[0].at_s, flapping[0].wave.flap_s
        return lambda at, second: float(second < begin or math.floor((second - begin) / turn) % 2)

    def _requests(self) -> Iterator[Series]:
        for service, host in instances():
            for code in ("200", "500"):
                labels = {**service.labels(host), "code": code}
                yield "http_requests_total", labels, self._counter(self._request_rate(service, host, code))

    def _request_rate(self, service: Service, host: str, code: str) -> Next:
        wander = self._wander("requests", service.name, host, code)

        def rate(at: Millis, second: float) -> float:
            failing = self.errors(service.name, second)
            share = failing if code == "500" else 1 - failing
            return self.rate(service, at, second) * share * (1 + 0.05 * wander.next())

        return rate

    def _counter(self, rate: Next) -> Next:
        total = 0.0

        def count(at: Millis, second: float) -> float:
            nonlocal total
            total += max(0.0, rate(at, second)) * self._step_s
            return total

        return count

    def _durations(self) -> Iterator[Series]:
        name = "http_request_duration_seconds"
        for service in SERVICES:
            labels = {"cluster": service.cluster, "job": service.name, "service": service.name}
            for bound in BUCKETS:
                le = "+Inf" if bound == math.inf else f"{bound:g}"
                yield f"{name}_bucket", {**labels, "le": le}, self._counter(self._faster_than(service, bound))
            yield f"{name}_count", labels, self._counter(self._faster_than(service, math.inf))
            yield f"{name}_sum", labels, self._counter(self._seconds_spent(service))

    def _faster_than(self, service: Service, bound: float) -> Next:
        """Requests a second that end within ``bound`` seconds; all buckets of a service share their noise."""
        wander = self._wander("duration", service.name)

        def rate(at: Millis, second: float) -> float:
            noise = wander.next()
            asked = self.rate(service, at, second) * len(service.hosts)
            if bound == math.inf:
                return asked
            median = self.median_s(service, second) * (1 + 0.06 * noise)
            return asked * 0.5 * (1 + math.erf(math.log(bound / median) / (SPREAD * math.sqrt(2))))

        return rate

    def _seconds_spent(self, service: Service) -> Next:
        mean = math.exp(SPREAD * SPREAD / 2) * len(service.hosts)
        return lambda at, second: self.rate(service, at, second) * self.median_s(service, second) * mean

    def _cpu(self) -> Iterator[Series]:
        for service, host in instances():
            labels = {**service.labels(host), "pod": f"{service.name}-{host}"}
            yield "container_cpu_usage_seconds_total", labels, self._counter(self._cores(service, host))

    def _cores(self, service: Service, host: str) -> Next:
        wander = self._wander("cpu", service.name, host)
        busier = {"orders-db": 0.9, "orders": 0.35}.get(service.name, 0.0)

        def cores(at: Millis, second: float) -> float:
            used = service.cpu * (0.7 + 0.3 * daily(at)) * (1 + 0.08 * wander.next())
            return min(1.0, used * (1 + busier * self._level(second, -20.0)))

        return cores

    def _pool(self) -> Iterator[Series]:
        service = next(s for s in SERVICES if s.name == "orders-db")
        for host in service.hosts:
            wander = self._wander("pool", host)

            def in_use(at: Millis, second: float, wander: Wander = wander) -> float:
                usual = 82 * daily(at) + 6 * wander.next()
                full = min(1.0, 2.4 * self._level(second, -25.0))
                return float(max(0, min(200, round(usual + (200 - usual) * full))))

            yield "db_pool_connections_in_use", service.labels(host), in_use
            yield "db_pool_connections_max", service.labels(host), lambda at, second: 200.0

    def _orders(self) -> Iterator[Series]:
        service = next(s for s in SERVICES if s.name == "orders")
        for host in service.hosts:
            wander = self._wander("orders", host)

            def rate(at: Millis, second: float, wander: Wander = wander) -> float:
                made = 29.5 * daily(at) * (1 - 0.66 * self._level(second, -3.0))
                return made * (1 + 0.06 * wander.next())

            yield "orders_created_total", service.labels(host), self._counter(rate)

    def _disk(self) -> Iterator[Series]:
        size = 500e9
        for cluster, host in nodes():
            labels = {"cluster": cluster, "host": host, "instance": f"{host}:{NODE_PORT}", "job": "node"}
            labels |= {"device": "/dev/nvme0n1p1", "mountpoint": "/var"}
            yield "node_filesystem_avail_bytes", labels, self._free(host, size)
            yield "node_filesystem_size_bytes", labels, lambda at, second: size

    def _free(self, host: str, size: float) -> Next:
        wander = self._wander("disk", host)
        start = 0.38 + 0.2 * Random(f"{self._seed}/{host}").random()  # noqa: S311 - repeatable on purpose

        def free(at: Millis, second: float) -> float:
            used = self._filling(second) if host == "h4" else start
            return round(size * (1 - used - 0.001 * wander.next()))

        return free

    def _filling(self, second: float) -> float:
        """Share of the warehouse's disk that is used: 72 %, 93 % at the story's start, then ever closer to 99 %."""
        if "disk" not in self._story.chains:
            return 0.72
        healed = self._story.remedied.get("disk", second)
        reached = min(second, healed)
        used = 0.72 + 0.21 * min(1.0, max(0.0, reached / 3000 + 1))
        used += 0.06 * (1 - math.exp(-max(0.0, reached) / 1800))
        return 0.6 + (used - 0.6) * math.exp(-max(0.0, second - healed) / HEALS_S)

    def _load(self) -> Iterator[Series]:
        for cluster, host in nodes():
            labels = {"cluster": cluster, "host": host, "instance": f"{host}:{NODE_PORT}", "job": "node"}
            wander = self._wander("load", host)

            def load(at: Millis, second: float, host: str = host, wander: Wander = wander) -> float:
                return round((3.6 if host == "web-07" else 1.4) * daily(at) * (1 + 0.15 * wander.next()), 2)

            yield "node_load1", labels, load
