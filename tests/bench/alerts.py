"""The alert store: 50,000 alerts taken in, then 100,000 kept up to date, filtered and silenced.

``normalise_per_s``: entities, severity and symptom of one alert's labels, a second of one core.
``ingest``: 50,000 alerts normalised, grouped and arranged, in slices of 250, from one source; onsets within ten minutes
(``storm``), within an hour, which makes many groups (``spread``), and as one of two sources (``two_sources``).
``bytes_per_alert``: resident memory beside the alerts themselves, at 100,000, mostly that of groups: by spread.
``updates``: share of a core for 1,000 changed alerts and 5 views a second at 100,000; milliseconds of the longest view.
``moved``: every one has another onset and thus another place; ``same``: only its facts changed, as in most polls.
``ordering``: the share for the sorted rows alone, all moved.
``crowded_view_ms``: the longest view while groups of 2,000 members, two fifths of all alerts, are arranged.
``filter_ms``: a filter over 100,000 alerts; in all, and the longest that the loop stood still.
``plan_ms``: the silences for a group, worked out among 100,000 alerts.

The collector is set as the engine sets it (console/engine/runtime.py).
"""

from __future__ import annotations

import asyncio
import gc
import random
import time

from msgspec.structs import replace

from console.alerts.grouping import WindowCorrelator
from console.alerts.ordering import SortedRows
from console.alerts.sieve import worst_first
from console.alerts.silencing import plan
from console.alerts.store import AlertStore
from console.model.alert import Alert, AlertDelta, AlertRow, AlertState
from console.model.normal import Normaliser

NOW = 1_795_000_000_000
SLICE = 250
_WORDS = ("critical", "high", "warning", "low", "info")


def measure(short: bool = False) -> dict[str, object]:
    """All figures; ``short`` takes a tenth of the alerts."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    size = 10_000 if short else 100_000
    alerts = [_alert(n, Normal.shared, random.Random(n)) for n in range(size)]
    close = [_alert(n, Normal.shared, random.Random(n), 600_000) for n in range(size)]
    spread, store = _kept(alerts)
    storm, _ = _kept(close)
    view = store.view()
    return {
        "alerts": size,
        "groups": {"major": len(view.major), "minor": len(view.minor), "loose": len(view.loose)},
        "normalise_per_s": _normalise(size // 5),
        "ingest": {
            "storm": _ingest(size // 2, 600_000, True),
            "spread": _ingest(size // 2, 3_600_000, True),
            "two_sources": _ingest(size // 2, 600_000, False),
        },
        "bytes_per_alert": {"storm": storm, "spread": spread},
        "updates": {"moved": _updates(store, alerts, True), "same": _updates(store, alerts, False)},
        "ordering": _ordering(alerts),
        "crowded_view_ms": _crowded(size * 2 // 5),
        "filter_ms": asyncio.run(_filter(store)),
        "plan_ms": _plan(store),
    }


def _kept(alerts: list[Alert]) -> tuple[int, AlertStore]:
    """Bytes an alert that a store and its view take."""
    gc.collect()
    before = resident_mb()
    store = AlertStore(WindowCorrelator(), single=True)
    _take_in(store, alerts)
    store.view()
    gc.collect()
    return round((resident_mb() - before) * 1_048_576 / len(alerts)), store


def resident_mb() -> float:
    """Resident memory of this process, MiB."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


class Normal:
    """One normaliser, as the adapters share it."""

    shared = Normaliser()


def _labels(number: int) -> dict[str, str]:
    return {
        "alertname": f"DiskFilling{number % 50}",
        "service": f"service-{number % 300}",
        "cluster": f"eu-{number % 9}",
        "instance": f"host-{number % 400}:9100",
        "severity": _WORDS[number % 5],
        "mount": f"/data/{number}",
    }


def _alert(number: int, normal: Normaliser, rng: random.Random, spread_ms: int = 3_600_000) -> Alert:
    labels = _labels(number)
    said = {"summary": f"disk of host-{number % 400} fills"}
    entities = normal.entities(labels)
    key = f"am/{number:016x}"
    return Alert(
        key,
        "am",
        key[3:],
        labels["alertname"],
        normal.symptom(labels["alertname"], labels, said),
        normal.severity(labels),
        AlertState.FIRING,
        NOW - rng.randrange(spread_ms),
        service=entities.service,
        cluster=entities.cluster,
        host=entities.host,
        labels=labels,
    )


def _normalise(count: int) -> int:
    labels = [_labels(n) for n in range(count)]
    said = {"summary": "disk of host-7 fills"}
    normal = Normaliser()
    begin = time.process_time()
    for one in labels:
        normal.entities(one)
        normal.severity(one)
        normal.symptom(one["alertname"], one, said)
    return round(count / (time.process_time() - begin))


def _take_in(store: AlertStore, alerts: list[Alert]) -> float:
    """Seconds of the longest slice."""
    longest = 0.0
    for start in range(0, len(alerts), SLICE):
        begin = time.perf_counter()
        store.ingest(AlertDelta(tuple(alerts[start : start + SLICE]), last=False), NOW)
        longest = max(longest, time.perf_counter() - begin)
    asyncio.run(store.settle())
    return longest


def _ingest(size: int, spread_ms: int, single: bool) -> dict[str, float]:
    labels = [(_labels(n), {"summary": f"disk of host-{n % 400} fills"}) for n in range(size)]
    alerts = [_alert(n, Normal.shared, random.Random(n), spread_ms) for n in range(size)]
    normal, store = Normaliser(), AlertStore(WindowCorrelator(), single=single)
    begin = time.process_time()
    for one, said in labels:
        normal.entities(one)
        normal.severity(one)
        normal.symptom(one["alertname"], one, said)
    longest = _take_in(store, alerts)
    return {
        "alerts": size,
        "seconds": round(time.process_time() - begin, 2),
        "longest_slice_ms": round(1000 * longest, 1),
    }


def _changed(alerts: list[Alert], rng: random.Random, moved: bool) -> Alert:
    """One of the alerts with other words, and with an earlier onset: another place in the list."""
    one = alerts[rng.randrange(len(alerts))]
    return Alert(
        one.key, one.source, one.vendor_id, one.name, f"{one.summary} again", one.severity, one.state,
        one.started_at - moved * rng.randrange(1, 3_600_000), service=one.service, cluster=one.cluster, host=one.host,
        labels=one.labels,
    )  # fmt: skip


def _updates(store: AlertStore, alerts: list[Alert], moved: bool) -> dict[str, float]:
    rng, seconds, longest = random.Random(1), 5, 0.0
    deltas = [AlertDelta(tuple(_changed(alerts, rng, moved) for _ in range(200))) for _ in range(5 * seconds)]
    begin = time.process_time()
    for delta in deltas:
        store.ingest(delta, NOW + 1000)
        start = time.perf_counter()
        store.view()
        longest = max(longest, time.perf_counter() - start)
    asyncio.run(store.settle())
    share = (time.process_time() - begin) / seconds
    return {"core_percent": round(100 * share, 1), "longest_view_ms": round(1000 * longest, 1)}


def _crowded(size: int) -> float:
    """Milliseconds; all of a group's alerts are of one service, with one onset."""
    store, longest = AlertStore(WindowCorrelator(), single=True), 0.0
    for start in range(0, size, SLICE):
        name = f"s{start // 2000}"
        made = [_alert(n, Normal.shared, random.Random(0)) for n in range(start, start + SLICE)]
        store.ingest(AlertDelta(tuple(replace(a, service=name, cluster=name) for a in made), last=False), NOW)
    while store.behind or not longest:
        begin = time.perf_counter()
        store.view()
        longest = max(longest, time.perf_counter() - begin)
    return round(1000 * longest, 1)


def _ordering(alerts: list[Alert]) -> dict[str, float]:
    rng, seconds = random.Random(2), 5
    rows: SortedRows[AlertRow] = SortedRows(worst_first)
    held = {a.key: AlertRow(a) for a in alerts}
    for row in held.values():
        rows.put(row)
    changes = [[AlertRow(_changed(alerts, rng, True)) for _ in range(200)] for _ in range(5 * seconds)]
    begin = time.process_time()
    for batch in changes:
        for row in batch:
            rows.put(row, held[row.key])
            held[row.key] = row
        rows.freeze()
    return {"core_percent": round(100 * (time.process_time() - begin) / seconds, 1)}


async def _filter(store: AlertStore) -> dict[str, float]:
    """The longest pause is that of another task that only wants its turn."""
    pause, stop = 0.0, False

    async def watch() -> None:
        nonlocal pause
        last = time.perf_counter()
        while not stop:
            await asyncio.sleep(0)
            now = time.perf_counter()
            pause, last = max(pause, now - last), now

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    out: dict[str, float] = {}
    for name, text in (("label", "service=service-7"), ("words", "disk eu-1"), ("all", "is:firing"), ("none", "")):
        begin, pause = time.perf_counter(), 0.0
        await store.refilter(text)
        out[name] = round(1000 * (time.perf_counter() - begin), 1)
        await asyncio.sleep(0)
        out[f"{name}_pause"] = round(1000 * pause, 1)
    stop = True
    await watching
    return out


def _plan(store: AlertStore) -> dict[str, float]:
    out: dict[str, float] = {}
    for text in ("service=service-7 cluster=eu-7", "service=~service-1[0-9]"):
        chosen = store.matching(text)
        begin = time.perf_counter()
        found = asyncio.run(plan("am", chosen, store.all(), None))
        took = round(1000 * (time.perf_counter() - begin), 1)
        out[f"{len(chosen)} alerts, {len(found.silences)} silences"] = took
    return out
