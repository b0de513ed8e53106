"""The configuration that ``init`` writes is useful as it is, on a real Prometheus that nobody prepared."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

from console.adapters.prometheus import Prometheus
from console.cli.root import warroom
from console.configfile import load
from console.engine.wiring import queries
from console.model.metric import Curve
from tests.servers.asking import asking, until
from tests.unit.drill import queries as shipped_queries

pytestmark = pytest.mark.server


def test_every_line_of_the_written_metrics_has_a_curve(tmp_path: Path, prometheus: str) -> None:
    path = tmp_path / "config.yaml"
    assert CliRunner().invoke(warroom, ["init", str(path)]).exit_code == 0
    metrics = queries(load(path, {}))
    assert {metric.source for metric in metrics} == {"prometheus"}

    async def curves(adapter: Prometheus) -> dict[str, list[Curve]]:
        async def once() -> dict[str, list[Curve]]:
            now = int(time.time() * 1000)
            return {m.title: list(await adapter.range(m, now - 60_000, now, 5_000)) for m in metrics}

        # The fixture has a target that nobody serves.
        return await until(once, lambda f: all(f.values()) and f["targets down"][0].last == 1)

    found = asking(Prometheus, prometheus, curves)
    assert {title: len(curves) for title, curves in found.items()} == dict.fromkeys(found, 1)


@pytest.mark.parametrize("where", shipped_queries.all_of_them())
def test_a_real_prometheus_takes_every_shipped_query(prometheus: str, where: str) -> None:
    query = shipped_queries.all_of_them()[where]
    with urllib.request.urlopen(f"{prometheus}/api/v1/query?" + urlencode({"query": query}), timeout=20) as answer:
        assert json.load(answer)["status"] == "success"
