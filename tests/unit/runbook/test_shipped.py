"""The shipped runbooks: well formed, complete, and their checks really run where the tools are."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import console
from console.adapters.command import ProcessRunner
from console.model.action import Tier
from console.model.runbook import StepState, StepType
from console.paths import shipped
from console.runbook.lint import lint
from console.runbook.load import load
from console.runbook.shelf import Shelf
from tests.unit.runbook.made import Room, running

DRILLS = sorted((Path(console.__file__).parent / "drill" / "runbooks").glob("*.yaml"))
BOOKS = [*sorted(shipped("runbooks").glob("*.yaml")), *DRILLS]


def test_there_are_some():
    assert {p.stem for p in BOOKS} >= {"disk-full", "errors-and-latency"}


@pytest.mark.parametrize("path", BOOKS, ids=lambda p: f"{p.parent.parent.name}-{p.stem}")
def test_each_is_clean_and_holds_evidence_a_notice_and_a_verification(path: Path):
    assert lint(path) == []
    book = load(path)
    titles = [step.title for step in book.steps]
    assert any(title.startswith("evidence:") for title in titles)
    assert any(title.startswith("notify") for title in titles)
    assert any(title.startswith("verify:") for title in titles)
    assert {step.type for step in book.steps} == set(StepType)
    assert all(step.drill for step in book.steps if path in DRILLS and step.type is not StepType.MANUAL)
    assert book.exit_criteria
    first_risky = next((n for n, s in enumerate(book.steps) if s.tier >= Tier.R2), len(titles))
    assert any(title.startswith("evidence:") for title in titles[:first_risky])


@pytest.mark.parametrize(
    ("title", "book"),
    [
        ("DiskWillFill warehouse", "disk-full"),
        ("no space left on device", "disk-full"),
        ("HighErrorRate payments failing at checkout", "errors-and-latency"),
        ("orders p99 HighLatency", "errors-and-latency"),
    ],
)
def test_they_are_suggested_for_their_alerts(title: str, book: str):
    assert Shelf.load([shipped("runbooks")]).suggest([title])[0].id == book


def _needs(*tools: str) -> pytest.MarkDecorator:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


@_needs("bash", "df", "du", "find", "sort", "awk", "lsof", "sha256sum")
def test_disk_full_on_this_machine(tmp_path: Path):
    mount, kept = tmp_path / "it's a mount", tmp_path / "kept"
    mount.mkdir()
    kept.mkdir()
    (mount / "big log").write_bytes(b"x" * 30_000_000)

    async def body() -> None:
        room = Room(runner=ProcessRunner(), shelf=Shelf.load([shipped("runbooks")]))
        await room.declare()
        params = {"mount": str(mount), "evidence": str(kept)}
        reply = await room.do("runbook.start", runbook="disk-full", params=params)
        assert reply.ok, reply
        for name in ("space", "inodes", "folders", "newest", "deleted", "room", "ledger", "writes"):
            reply = await room.ask("step.run", step=name, reason="test")
            assert reply.ok, reply
        assert "%" in room.step("space").result
        assert any("big log" in line for line in room.step("newest").output)
        assert str(mount) in room.step("folders").output[-1]
        assert "big log" in (kept / "INC-0001-files.tsv").read_text()
        assert sorted(p.name for p in mount.iterdir()) == ["big log"]
        assert (await room.do("step.undo", step="ledger")).ok
        assert list(kept.iterdir()) == []
        refused = await room.do("step.run", step="vacuum", reason="without a copy")
        assert not refused.ok
        assert room.step("vacuum").state is StepState.FAILED

    running(body)


@contextmanager
def backend(errors: str) -> Iterator[str]:
    """A Prometheus and an Alertmanager with one answer a kind of question."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            query = parse_qs(asked.query).get("query", [""])[0]
            data = json.dumps(self.answer(asked.path, query), separators=(",", ":")).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def answer(self, path: str, query: str) -> Any:
            if path == "/api/v2/alerts":
                return [{"labels": {"alertname": "HighErrorRate", "service": "orders"}}]
            series = [({"instance": "h1:80", "code": "500"}, "7.25"), ({"instance": "h2:80", "code": "500"}, "1e-05")]
            if query.startswith("100 * sum"):
                assert 'http_requests_total{service="orders",code=~"5.."}[5m]' in query
                series = [({}, errors)] if errors else []
            elif query.startswith("histogram_quantile"):
                series = [({}, "0.31")]
            elif query == "up == 0":
                series = []
            rows = [{"metric": labels, "value": [1795000000.123, value]} for labels, value in series]
            return {"status": "success", "data": {"resultType": "vector", "result": rows}}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@_needs("bash", "curl", "sed", "awk", "sort", "sha256sum")
@pytest.mark.parametrize(
    ("errors", "told", "passes"),
    [
        ("0.5", "0.5 % of requests fail, within 2 %", True),
        ("2", "2 % of requests fail, within 2 %", True),
        ("27.412345678901234", "27.4 % of requests fail, over the limit of 2 % (exit 1)", False),
        ("1e-05", "1e-05 % of requests fail, within 2 %", True),
        ("NaN", "no data: no requests, or service and metric are not right (exit 1)", False),
    ],
)
def test_errors_and_latency_against_a_server(tmp_path: Path, errors: str, told: str, passes: bool):
    async def body(url: str) -> None:
        room = Room(runner=ProcessRunner(), shelf=Shelf.load([shipped("runbooks")]))
        await room.declare()
        params = {"prometheus": url, "alertmanager": url, "evidence": str(tmp_path)}
        assert (await room.do("runbook.start", runbook="errors-and-latency", params=params)).ok
        for name in ("source", "errors", "codes", "latency", "outliers", "down", "alerts", "keep", "verify-latency"):
            reply = await room.ask("step.run", step=name, reason="test")
            assert reply.ok is (passes or name != "errors"), reply
        assert room.step("errors").result == told
        assert room.step("errors").state is (StepState.DONE if passes else StepState.FAILED)
        assert room.the_run.steps[room.the_run.current].step.id == "changes"
        assert room.step("latency").result == "99th percentile 0.31 s, within 0.5 s"
        assert room.step("codes").output == (
            '7.25 /s  "instance":"h1:80","code":"500"', '1e-05 /s  "instance":"h2:80","code":"500"',
        )  # fmt: skip
        assert room.step("down").output == ()
        assert (tmp_path / "INC-0001-errors.json").is_file()
        verified = await room.ask("step.run", step="verify-errors", reason="test")
        assert verified.ok is passes
        assert told in verified.text

    with backend(errors) as url:
        running(lambda: body(url))


@_needs("bash", "curl", "sed", "awk")
def test_without_figures_nothing_is_called_good():
    async def body(url: str) -> None:
        room = Room(runner=ProcessRunner(), shelf=Shelf.load([shipped("runbooks")]))
        await room.declare()
        params = {"prometheus": url, "alertmanager": url}
        assert (await room.do("runbook.start", runbook="errors-and-latency", params=params)).ok
        for name in ("errors", "verify-errors"):
            reply = await room.ask("step.run", step=name, reason="test")
            assert not reply.ok
            assert "no data" in reply.text

    with backend("") as url:
        running(lambda: body(url))
    with backend("") as url:
        dead = url
    running(lambda: refused(dead))


async def refused(url: str) -> None:
    room = Room(runner=ProcessRunner(), shelf=Shelf.load([shipped("runbooks")]))
    await room.declare()
    params = {"prometheus": url, "alertmanager": url}
    assert (await room.do("runbook.start", runbook="errors-and-latency", params=params)).ok
    for name in ("source", "codes", "down", "alerts"):
        reply = await room.ask("step.run", step=name, reason="test")
        assert not reply.ok
        assert "curl: (7)" in reply.text
