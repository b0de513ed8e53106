"""What goes wrong: waves of alerts as data, each with the second of the story at which it begins."""

from __future__ import annotations

from msgspec import Struct


class Wave(Struct, frozen=True):
    """One alert on one or several hosts, one after the other."""

    at_s: float
    service: str
    name: str
    severity: str
    summary: str
    """``{service}``, ``{host}`` and ``{cluster}`` are filled in."""
    hosts: int = 1
    every_s: float = 2.0
    """Between one host and the next."""
    host: str = ""
    """Begin with this host instead of the cluster's first."""
    pod: bool = False
    flap_s: float = 0.0
    """On for this long, then off for this long, for ever."""


CASCADE = (
    Wave(1.0, "orders-db", "ConnectionPoolExhausted", "critical", "{service} pool exhausted", 2, 1.5),
    Wave(2.5, "orders", "HighErrorRate", "critical", "{service} fails on {host}", 3, 2.0),
    Wave(3.5, "orders", "HighLatency", "high", "{service} p99 over 2 s on {host}", 2, 3.0),
    Wave(4.0, "payments", "HighLatency", "high", "{service} p99 over 0.5 s on {host}", 2, 2.0),
    Wave(5.0, "payments", "HighErrorRate", "critical", "{service} fails on {host}", 3, 4.0),
    Wave(6.0, "checkout", "HighErrorRate", "critical", "payments failing at {service}", 4, 5.0),
    Wave(25.0, "orders-db", "SlowQueries", "warning", "{service} queries over 1 s on {host}", 4, 6.0),
    Wave(40.0, "storefront", "OrdersDropped", "critical", "orders per minute down by two thirds", 1),
    Wave(55.0, "checkout", "QueueGrowing", "warning", "{service} requests queue up on {host}", 4, 10.0),
    Wave(80.0, "storefront", "HighLatency", "warning", "{service} p99 over 1 s on {host}", 4, 12.0),
    Wave(120.0, "orders", "PodRestarting", "warning", "{service} pod restarts on {host}", 3, 20.0, pod=True),
    Wave(170.0, "payments", "RetryBudgetSpent", "warning", "{service} retries without end on {host}", 4, 15.0),
    Wave(240.0, "storefront", "CartsAbandoned", "high", "twice as many carts abandoned as usual", 1),
)
DISK = (
    Wave(-240.0, "warehouse", "DiskWillFill", "high", "{service} disk filling on {host}", 1, host="h4"),
    Wave(-90.0, "stock", "DiskWillFill", "warning", "{service} disk filling on {host}", 1, host="h4"),
    Wave(12.0, "shipping", "DiskWillFill", "warning", "{service} disk filling on {host}", 1, host="h4"),
    Wave(35.0, "warehouse", "SlowWrites", "warning", "{service} writes take over 200 ms on {host}", 1, host="h4"),
    Wave(95.0, "stock", "ReplicaBehind", "warning", "{service} replica on {host} is 40 s behind", 1, host="h4"),
    Wave(160.0, "warehouse", "LogRotationFailed", "warning", "{service} cannot rotate its log on {host}", 1, host="h4"),
    Wave(230.0, "shipping", "LabelsWaiting", "warning", "{service} labels wait for {host}", 1, host="h4"),
    Wave(330.0, "warehouse", "DiskAlmostFull", "critical", "{service} disk 97 % full on {host}", 1, host="h4"),
)
NOISE = (
    Wave(-21_600.0, "storefront", "CertificateExpires", "low", "TLS certificate expires in 20 d", 1),
    Wave(-3_000.0, "accounts", "BackupLate", "low", "backup job late", 1, host="web-04"),
    Wave(-1_500.0, "catalog", "CpuSteal", "low", "cpu steal {host}", 1, host="web-07"),
    Wave(-720.0, "search", "SearchLatency", "warning", "search latency, eu only", 4, 45.0),
    Wave(-600.0, "carriers", "ExporterDown", "low", "node exporter {host} comes and goes", 1, host="h2", flap_s=25.0),
)
SCENARIOS: dict[str, dict[str, tuple[Wave, ...]]] = {
    "cascade": {"cascade": CASCADE, "disk": DISK, "noise": NOISE},
    "disk": {"disk": DISK, "noise": NOISE},
    "calm": {"noise": NOISE},
}
"""Scenario → chains of waves; a chain ends as a whole when its remedy is applied."""

RULES: dict[str, tuple[str, float]] = {
    "ConnectionPoolExhausted": ("db_pool_connections_in_use / db_pool_connections_max > 0.95", 10),
    "HighErrorRate": (
        'sum by (service) (rate(http_requests_total{code=~"5.."}[1m])) / '
        "sum by (service) (rate(http_requests_total[1m])) > 0.02",
        0,
    ),
    "HighLatency": (
        "histogram_quantile(0.99, sum by (service, le) (rate(http_request_duration_seconds_bucket[1m]))) > 0.5",
        0,
    ),
    "OrdersDropped": ("sum(rate(orders_created_total[5m])) < 60", 30),
    "CpuSteal": ("node_load1 > 3", 600),
    "DiskWillFill": ("node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.15", 60),
    "DiskAlmostFull": ("node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.05", 60),
    "ExporterDown": ("up == 0", 10),
}
"""Alert → its rule and how long it must hold, seconds; alerts that are not here come from outside the metrics."""
