from __future__ import annotations

from pathlib import Path

from console.runbook.load import parse
from console.runbook.shelf import Shelf
from tests.unit.runbook.made import BOOK


def book(id: str, title: str = "T", triggers: str = "", services: str = "") -> str:
    return (
        f"id: {id}\ntitle: {title}\nversion: '1'\nowner: o\ntriggers: [{triggers}]\nservices: [{services}]\n"
        "steps:\n  - {id: s, type: manual, title: t}\n"
    )


def test_a_broken_one_is_told_and_the_others_stand(tmp_path: Path):
    (tmp_path / "good.yaml").write_text(book("good"))
    (tmp_path / "bad.yaml").write_text("steps: [")
    (tmp_path / "twin.yml").write_text(book("good"))
    (tmp_path / "notes.txt").write_text("no runbook")
    (tmp_path / ".hidden.yaml").write_text("steps: [")
    (tmp_path / "dir.yaml").mkdir()
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    shelf = Shelf.load([tmp_path, tmp_path / "missing"])
    assert [b.id for b in shelf.runbooks] == ["good"]
    told = {Path(b.path).name: b.problems[0].text for b in shelf.broken}
    assert set(told) == {"bad.yaml", "twin.yml", "dir.yaml", "gone.yaml", "missing"}
    assert "good.yaml too" in told["twin.yml"]
    assert "cannot be read" in told["missing"]


def test_a_later_folder_replaces_one_of_an_earlier(tmp_path: Path):
    for name in ("shipped", "ours"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(book("a", name))
    shelf = Shelf.load([tmp_path / "shipped", tmp_path / "ours"])
    assert [b.title for b in shelf.runbooks] == ["ours"]
    assert shelf.get("a") is shelf.runbooks[0]
    assert shelf.get("b") is None


def test_suggestions_follow_words_and_services():
    books = [
        book("disk", "Disk", "disk will fill, no space left"),
        book("slow", "Slow", "high latency"),
        book("orders", "Orders", "", "orders"),
    ]
    shelf = Shelf([parse(b.encode()) for b in books])
    assert [b.id for b in shelf.suggest(["DiskWillFill on web-04"])] == ["disk"]
    assert [b.id for b in shelf.suggest(["orders: HighLatency"], ["orders"])] == ["slow", "orders"]
    assert [b.id for b in shelf.suggest(["latency is high"])] == ["slow"]
    assert shelf.suggest(["the space"]) == ()
    assert shelf.suggest([]) == ()


def test_runbooks_stand_in_the_order_of_their_titles():
    shelf = Shelf([parse(book("b", "zebra").encode()), parse(book("a", "Apple").encode()), parse(BOOK.encode())])
    assert [b.title for b in shelf.runbooks] == ["Apple", "Roll back", "zebra"]
