"""The estate: twelve services on four hosts each, in two clusters, and who calls whom."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

CLUSTERS: dict[str, tuple[str, ...]] = {
    "eu-1": ("web-01", "web-04", "web-07", "web-11"),
    "dc-2": ("h1", "h2", "h3", "h4"),
}
"""Cluster → its hosts."""


class Service(Struct, frozen=True):
    """One service at rest."""

    name: str
    cluster: str
    calls: tuple[str, ...]
    """Services it depends on."""
    rate: float
    """Requests a second on each host at noon."""
    median_s: float
    """Median time of a request."""
    cpu: float
    """Cores in use on each host, of one."""
    port: int

    @property
    def hosts(self) -> tuple[str, ...]:
        return CLUSTERS[self.cluster]

    def labels(self, host: str) -> dict[str, str]:
        """What every series of one instance carries."""
        return {
            "cluster": self.cluster,
            "host": host,
            "instance": f"{host}:{self.port}",
            "job": self.name,
            "service": self.name,
        }


SERVICES: tuple[Service, ...] = (
    Service("storefront", "eu-1", ("checkout", "catalog", "search", "accounts"), 120.0, 0.050, 0.42, 8080),
    Service("checkout", "eu-1", ("payments", "orders", "accounts"), 34.0, 0.090, 0.36, 8081),
    Service("payments", "eu-1", ("orders",), 31.0, 0.070, 0.28, 8082),
    Service("orders", "eu-1", ("orders-db",), 44.0, 0.040, 0.33, 8083),
    Service("orders-db", "eu-1", (), 180.0, 0.004, 0.47, 9187),
    Service("catalog", "eu-1", ("search",), 90.0, 0.030, 0.25, 8084),
    Service("search", "eu-1", (), 75.0, 0.060, 0.51, 8085),
    Service("accounts", "eu-1", (), 52.0, 0.020, 0.18, 8086),
    Service("warehouse", "dc-2", ("stock",), 12.0, 0.070, 0.22, 8090),
    Service("stock", "dc-2", (), 18.0, 0.025, 0.19, 8091),
    Service("shipping", "dc-2", ("warehouse", "carriers"), 8.0, 0.120, 0.14, 8092),
    Service("carriers", "dc-2", (), 5.0, 0.240, 0.09, 8093),
)
BY_NAME = {service.name: service for service in SERVICES}
NODE_PORT = 9100


def instances() -> Iterator[tuple[Service, str]]:
    """Every service on every host it runs on."""
    for service in SERVICES:
        for host in service.hosts:
            yield service, host


def nodes() -> Iterator[tuple[str, str]]:
    """Cluster and host of every machine."""
    for cluster, hosts in CLUSTERS.items():
        for host in hosts:
            yield cluster, host
