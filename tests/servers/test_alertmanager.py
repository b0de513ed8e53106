"""The adapter against a real Alertmanager."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime

import pytest

from console.adapters.alertmanager import Alertmanager
from console.adapters.alertmanager_lists import AlertmanagerGroup
from console.errors import BackendError, Rejected
from console.model.alert import AlertState, Matcher
from console.model.severity import Severity
from tests.servers.asking import Held, asking, post, until

pytestmark = pytest.mark.server

_NUMBERS = itertools.count()


def now() -> int:
    return time.time_ns() // 1_000_000


def stamp(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


@pytest.fixture
def name(alertmanager: str) -> str:
    """Three alerts of one name that no other test uses, of the services a, b and c."""
    name = f"Posted{next(_NUMBERS)}"
    at = now()
    post(
        f"{alertmanager}/api/v2/alerts",
        [
            {
                "labels": {
                    "alertname": name,
                    "service": s,
                    "cluster": "eu-1",
                    "severity": "page",
                    "instance": "Web-1:80",
                },
                "annotations": {"summary": f"{s} \x1b[31mfails"},
                "startsAt": stamp(at - 60_000),
                "endsAt": stamp(at + 3_600_000),
                "generatorURL": "http://127.0.0.1/graph",
            }
            for s in "abc"
        ],
    )
    return name


def test_posted_alerts_are_listed_and_normalised(alertmanager: str, name: str) -> None:
    async def play(adapter: Alertmanager) -> None:
        found = await until(Held(adapter).poll, lambda f: f"{name}/c" in f)
        alert = found[f"{name}/a"]
        assert (alert.severity, alert.state, alert.cluster, alert.host) == (
            Severity(1),
            AlertState.FIRING,
            "eu-1",
            "web-1",
        )
        assert alert.summary == "a ␛[31mfails"
        assert 0 <= now() - 60_000 - alert.started_at < 30_000
        assert alert.key == f"real/{alert.vendor_id}"
        assert len(alert.vendor_id) == 16
        assert not alert.muted
        assert alert.link == "http://127.0.0.1/graph"

    asking(Alertmanager, alertmanager, play)


def test_an_unchanged_list_tells_nothing_and_an_ended_alert_is_gone(alertmanager: str, name: str) -> None:
    async def play(adapter: Alertmanager) -> None:
        held = Held(adapter)
        await until(held.poll, lambda f: f"{name}/c" in f)
        labels = held.alerts[(await held.poll())[f"{name}/b"].key].labels
        post(f"{alertmanager}/api/v2/alerts", [{"labels": labels, "endsAt": stamp(now() - 1000)}])
        found = await until(held.poll, lambda f: f"{name}/b" not in f)
        assert {f"{name}/a", f"{name}/c"} <= set(found)

    asking(Alertmanager, alertmanager, play)


def test_a_silence_mutes_exactly_its_alerts_until_it_is_expired(alertmanager: str, name: str) -> None:
    matchers = (Matcher("alertname", name), Matcher("service", "a|b", is_regex=True))

    async def play(adapter: Alertmanager) -> None:
        held = Held(adapter)
        await until(held.poll, lambda f: f"{name}/c" in f)
        begin, end = now(), now() + 600_000
        id = await adapter.create_silence(matchers, begin, end, "ann", "deploy « 7 »")
        found = await until(held.poll, lambda f: f[f"{name}/a"].muted and f[f"{name}/b"].muted)
        assert found[f"{name}/a"].silenced_by == (id,)
        assert not found[f"{name}/c"].muted
        (silence,) = [s for s in await adapter.silences() if s.id == id]
        assert set(silence.matchers) == set(matchers)
        assert (silence.ends_at, silence.created_by, silence.comment) == (end, "ann", "deploy « 7 »")
        assert (silence.state, silence.source) == ("active", "real")
        await adapter.expire_silence(id)
        await until(held.poll, lambda f: not f[f"{name}/a"].muted)
        assert id not in [s.id for s in await adapter.silences()]
        await adapter.expire_silence(id)

    asking(Alertmanager, alertmanager, play)


def test_negative_matchers_mute_the_others(alertmanager: str, name: str) -> None:
    matchers = (Matcher("alertname", name), Matcher("service", "a", is_equal=False))

    async def play(adapter: Alertmanager) -> None:
        id = await adapter.create_silence(matchers, now(), now() + 600_000, "ann", "x")
        found = await until(Held(adapter).poll, lambda f: f[f"{name}/b"].muted and f[f"{name}/c"].muted)
        assert not found[f"{name}/a"].muted
        await adapter.expire_silence(id)

    asking(Alertmanager, alertmanager, play)


def test_a_silence_is_changed_by_its_id(alertmanager: str, name: str) -> None:
    matchers = (Matcher("alertname", name),)

    async def play(adapter: Alertmanager) -> None:
        begin = now()
        id = await adapter.create_silence(matchers, begin, begin + 600_000, "ann", "first")
        longer = begin + 1_200_000
        changed = await adapter.create_silence(matchers, begin, longer, "ann", "second", id)
        mine = [s for s in await adapter.silences() if s.matchers == matchers]
        assert [(s.id, s.ends_at, s.comment) for s in mine] == [(changed, longer, "second")]
        await adapter.expire_silence(changed)

    asking(Alertmanager, alertmanager, play)


def test_a_silence_of_the_future_is_pending_and_mutes_nothing(alertmanager: str, name: str) -> None:
    async def play(adapter: Alertmanager) -> None:
        later = now() + 600_000
        id = await adapter.create_silence((Matcher("alertname", name),), later, later + 600_000, "ann", "x")
        assert {s.id: s.state for s in await adapter.silences()}[id] == "pending"
        assert not (await Held(adapter).poll())[f"{name}/a"].muted
        await adapter.expire_silence(id)

    asking(Alertmanager, alertmanager, play)


def test_a_silence_that_is_refused_says_why(alertmanager: str) -> None:
    async def play(adapter: Alertmanager) -> None:
        begin = now()
        with pytest.raises(Rejected, match="end time"):
            await adapter.create_silence((Matcher("a", "b"),), begin, begin - 600_000, "ann", "x")
        with pytest.raises(BackendError):
            await adapter.create_silence((Matcher("a", "(", is_regex=True),), begin, begin + 600_000, "ann", "x")
        assert [s for s in await adapter.silences() if s.matchers[0].name == "a"] == []

    asking(Alertmanager, alertmanager, play)


def test_an_id_cannot_lead_to_another_address(alertmanager: str, name: str) -> None:
    async def play(adapter: Alertmanager) -> None:
        id = await adapter.create_silence((Matcher("alertname", name),), now(), now() + 600_000, "ann", "x")
        await adapter.expire_silence(f"nothing/../{id}")
        assert id in [s.id for s in await adapter.silences()]
        await adapter.expire_silence(id)

    asking(Alertmanager, alertmanager, play)


def test_groups_have_their_labels_and_sizes(alertmanager: str, name: str) -> None:
    async def play(adapter: Alertmanager) -> None:
        groups = await until(adapter.groups, lambda found: any(g.labels.get("alertname") == name for g in found))
        assert AlertmanagerGroup({"alertname": name, "cluster": "eu-1"}, 3) in groups

    asking(Alertmanager, alertmanager, play)


def test_the_probe_tells_the_version(alertmanager: str) -> None:
    async def play(adapter: Alertmanager) -> None:
        probe = await adapter.probe()
        assert (probe.reachable, probe.authorised, probe.detail) == (True, True, "")
        assert probe.version[:2] == "0."

    asking(Alertmanager, alertmanager, play)
