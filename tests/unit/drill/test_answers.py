"""Whatever the console ships to be asked, the drill world answers."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.unit.drill import queries
from tests.unit.drill.support import Drill

ALL = queries.all_of_them()


def test_there_are_queries_of_all_kinds() -> None:
    assert {"errors-and-latency/codes/0", "errors-and-latency/source/0", "errors-and-latency/keep/0"} <= ALL.keys()
    assert {"targets down", "error rate checkout", "fullest disk", "pool orders-db"} <= ALL.keys()
    assert len(queries.of_metrics(queries.EXAMPLE.read_text())) == 3
    assert len(queries.of_metrics(queries.written())) == 7


@pytest.mark.parametrize("where", ALL)
def test_every_shipped_query_is_answered(where: str) -> None:
    drill = Drill()
    drill.clock.move(120)
    answer = drill.json("prom", "/api/v1/query?" + urlencode({"query": ALL[where]}))
    assert answer["status"] == "success"
    if where.split("/")[-2:-1] != ["down"]:  # what does not answer its scrape comes and goes
        assert answer["data"]["result"], ALL[where]


def test_the_worst_comes_first() -> None:
    drill = Drill()
    drill.clock.move(120)
    data = drill.json("prom", "/api/v1/query?" + urlencode({"query": ALL["errors-and-latency/codes/0"]}))["data"]
    values = [float(row["value"][1]) for row in data["result"]]
    assert len(values) == 4
    assert values == sorted(values, reverse=True)
