"""The house keeps its walls: each import contract is seen to hold, and seen to fail when it is broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    for name in ("console", "screens", "widgets"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_every_wall_stands(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr


PLANTED = [
    ("The floors of the console", "console/model/planted.py", "import console.engine.handle"),
    ("The floors of the console", "console/alerts/planted.py", "import console.runbook"),
    ("The floors of the console", "console/desk/planted.py", "import console.alerts"),
    ("App draws screens, screens draw widgets", "widgets/planted.py", "import screens"),
    ("Screens know widgets, model, actions and text only", "screens/planted.py", "import console.adapters"),
    ("Widgets know model and text only", "widgets/planted.py", "import console.actions"),
    ("Nothing behind the app knows the screen", "console/engine/planted.py", "import textual"),
    ("Nothing behind the app knows the screen", "console/model/planted.py", "import rich.text"),
    ("The drill world is reached by URL, never by import", "console/drill/planted.py", "import console.journal"),
]


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED)
def test_a_planted_violation_is_caught(copy: Path, contract: str, file: str, line: str) -> None:
    planted = copy / file
    planted.write_text(f"{line}\n")
    try:
        done = lint(copy)
    finally:
        planted.unlink()
    assert done.returncode == 1
    assert f"{contract} BROKEN" in done.stdout


def test_a_room_outside_the_plan_is_caught(copy: Path) -> None:
    planted = copy / "console" / "attic.py"
    planted.write_text("")
    try:
        done = lint(copy)
    finally:
        planted.unlink()
    assert done.returncode == 1


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sorted(sys.modules), sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.split())


HEAVY = {"httpx", "kubernetes", "slack_sdk", "boto3", "numpy", "plotext", "tinydb", "jinja2", "cryptography"}


@pytest.mark.parametrize(
    "module",
    [
        "console.engine.handle", "console.engine.parts", "console.alerts.store", "console.desk.desk",
        "console.journal.journal", "console.runbook.load", "console.model.snapshot", "console.cli", "console.drill",
        "console.adapters.alertmanager",
    ],
)  # fmt: skip
def test_nothing_behind_the_app_loads_the_screen(module: str) -> None:
    loaded = loaded_after(f"import {module}")
    assert not {m for m in loaded if m.split(".")[0] in {"textual", "rich", "screens", "widgets"}}


@pytest.mark.parametrize("module", ["console.app", "console.session", "screens.war_room", "screens.lobby"])
def test_nothing_heavy_is_loaded_before_the_first_paint(module: str) -> None:
    loaded = loaded_after(f"import {module}")
    assert not HEAVY & {m.split(".")[0] for m in loaded}


def test_the_command_line_loads_little() -> None:
    loaded = loaded_after("import console.cli")
    assert not (HEAVY | {"textual", "rich", "yaml", "asyncio"}) & {m.split(".")[0] for m in loaded}
