"""Every query that the shipped runbooks, the drill's own and the written configuration ask."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import console
from console.configfile import parse
from console.model.runbook import Step
from console.paths import shipped
from console.runbook.fill import fill_step
from console.runbook.load import load

DEMO = Path(console.__file__).parent / "drill" / "demo.yaml"
EXAMPLE = shipped("config.example.yaml")
BOOKS = sorted([*shipped("runbooks").glob("*.yaml"), *DEMO.parent.glob("runbooks/*.yaml")])
GIVEN = {"service": "orders", "incident": "INC-0001", "evidence": "/var/tmp", "operator": "ana"}


def of_metrics(text: str) -> dict[str, str]:
    """Title → query of the metrics of a configuration."""
    return {metric.title: metric.query for metric in parse(text.encode(), EXAMPLE).metrics}


def written() -> str:
    """What ``init`` writes, with its examples of metrics put into force."""
    before, metrics, after = re.split(r"(?=^metrics:)|(?=^# How alerts)", EXAMPLE.read_text(), flags=re.MULTILINE)
    return before + re.sub(r"^  # ", "  ", metrics, flags=re.MULTILINE) + after


def of_step(step: Step) -> list[str]:
    """The queries in a step's arguments, as a shell would read them."""
    words = [word for part in step.argv for word in (shlex.split(part) if step.shell else [part])]
    asked = [word.removeprefix("query=") for word in words if word.startswith("query=")]
    asked += [word.split("query=")[1] for word in words if "/query?query=" in word]
    return [*asked, words[words.index("figure") + 1]] if "figure" in words else asked


def of_books() -> dict[str, str]:
    """Book, step and number → query."""
    found = {}
    for path in BOOKS:
        book = load(path)
        params = {name: default or GIVEN.get(name, "x") for name, default in book.params.items()}
        for step in book.steps:
            for number, query in enumerate(of_step(fill_step(step, params))):
                found[f"{book.id}/{step.id}/{number}"] = query
    return found


def all_of_them() -> dict[str, str]:
    """Where it stands → query."""
    return {**of_books(), **of_metrics(written()), **of_metrics(DEMO.read_text())}
