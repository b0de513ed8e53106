"""The contract with TinyDB: which of its methods are ours, and that its reading API works on a lane."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest
from tinydb import Query, TinyDB, where
from tinydb.table import Table

from console.errors import JournalError
from console.journal.storage import AppendOnly, LaneStorage
from console.journal.table import LaneDatabase, LaneTable
from tests.unit.journal.support import lane_in, note, write


def test_version_and_the_methods_that_are_overridden() -> None:
    assert metadata.version("tinydb") == "4.9.0"
    ours = {name for name in vars(LaneTable) if hasattr(Table, name) and callable(getattr(Table, name))}
    private = {"_read_table", "_update_table", "_get_next_id"}
    writing = {"insert", "insert_multiple", "update", "update_multiple", "upsert", "remove", "truncate"}
    assert ours - {"__init__"} == private | writing
    assert {n for n in vars(LaneDatabase) if hasattr(TinyDB, n) and callable(getattr(TinyDB, n))} - {"__init__"} == {
        "table",
        "table_class",
        "drop_table",
        "drop_tables",
    }


def test_tinydb_has_no_writing_method_that_we_do_not_know() -> None:
    reading = {"all", "search", "get", "contains", "count", "clear_cache", "name", "storage"}
    writing = {"insert", "insert_multiple", "update", "update_multiple", "upsert", "remove", "truncate"}
    classes = {"document_class", "document_id_class", "query_cache_class", "default_query_cache_capacity"}
    assert {name for name in vars(Table) if not name.startswith("_")} == reading | writing | classes


@pytest.fixture
def database(tmp_path: Path) -> LaneDatabase:
    lane = lane_in(tmp_path / "INC-0001")
    write(lane, note("one"), note("two"))
    write(lane, note("three"))
    return lane.database


def test_reading(database: LaneDatabase) -> None:
    assert len(database) == 4  # the first entry is lane.opened
    assert [document.doc_id for document in database.all()] == [1, 2, 3, 4]
    assert [d["body"]["text"] for d in database.search(where("kind") == "note.added")] == ["one", "two", "three"]
    body = Query().body
    assert database.count(body.text.exists()) == 3
    assert database.contains(body.text == "two")
    assert not database.contains(doc_id=5)
    assert database.get(doc_id=3)["id"] == "bastion.0.0:3"
    assert database.get(body.text == "three").doc_id == 4
    assert database.get(doc_id=99) is None
    assert [d.doc_id for d in database.get(doc_ids=[2, 4])] == [2, 4]
    assert [d.doc_id for d in database] == [1, 2, 3, 4]
    assert database.tables() == {"_default"}


def test_results_are_copies_and_no_query_is_cached(database: LaneDatabase) -> None:
    found = database.search(where("kind") == "note.added")
    found[0]["body"]["text"] = "changed"
    assert database.search(where("kind") == "note.added")[0]["body"]["text"] == "one"
    database.insert({"kind": "note.added", "body": {"text": "four"}})
    assert database.count(where("kind") == "note.added") == 4


def test_inserts_append(database: LaneDatabase) -> None:
    assert database.insert({"kind": "note.added", "body": {"text": "four"}}) == 5
    assert database.insert_multiple([{"kind": "note.added"}, {"kind": "status.changed"}]) == [6, 7]
    assert database.table("_default")._get_next_id() == 8
    assert [d.doc_id for d in database] == [1, 2, 3, 4, 5, 6, 7]
    with pytest.raises(JournalError, match="no entry"):
        database.insert({"kind": "no such kind"})
    with pytest.raises(JournalError, match="no table"):
        database.table("other")


def test_all_other_writing_is_refused(database: LaneDatabase) -> None:
    before = database.all()
    refused = [
        lambda: database.update({"kind": "x"}),
        lambda: database.update_multiple([({"kind": "x"}, where("kind") == "y")]),
        lambda: database.upsert({"kind": "x"}, where("kind") == "y"),
        lambda: database.remove(doc_ids=[1]),
        lambda: database.truncate(),
        lambda: database.drop_tables(),
        lambda: database.drop_table("_default"),
        lambda: database.storage.write({}),
        lambda: database.table("_default")._update_table(lambda table: table.clear()),
        lambda: LaneTable(database.storage, "_default", persist_empty=True),
    ]
    for call in refused:
        with pytest.raises(AppendOnly):
            call()
    assert database.all() == before


def test_the_query_cache_stays_off(database: LaneDatabase) -> None:
    assert LaneTable(database.storage, "_default", cache_size=50)._query_cache.capacity == 0
    assert isinstance(database.storage, LaneStorage)
