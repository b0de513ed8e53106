"""The TinyDB table and database of a lane: TinyDB's reading API, inserts that append, and no other write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, cast

import msgspec
from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Table

from console.errors import JournalError
from console.journal.storage import AppendOnly, LaneStorage
from console.model.entry import Draft


class LaneTable(Table):
    """The entries of a lane; ``doc_id`` is the entry's sequence number.

    Overrides of private methods (``_read_table``, ``_update_table``, ``_get_next_id``) hold for
    TinyDB 4.9.0, which is pinned; a contract test names them.
    """

    def __init__(self, storage: Storage, name: str, cache_size: int = 0, persist_empty: bool = False) -> None:
        # The query cache would go stale and alias documents: it is off whatever the caller asks.
        super().__init__(storage, name, cache_size=0, persist_empty=persist_empty)

    @property
    def lane(self) -> LaneStorage:
        return cast(LaneStorage, self._storage)

    def insert(self, document: Mapping[str, Any]) -> int:
        """Append one entry; the document has the fields of ``Draft``."""
        return self.insert_multiple([document])[0]

    def insert_multiple(self, documents: Iterable[Mapping[str, Any]]) -> list[int]:
        """Append entries as one transaction; their sequence numbers."""
        drafts = [_draft(document) for document in documents]
        result = self.lane.append([drafts])[0]
        if isinstance(result, Exception):
            raise result
        return [entry.stamp.seq for entry in result]

    def update(self, *_: object, **__: object) -> NoReturn:
        raise AppendOnly("update")

    def update_multiple(self, *_: object, **__: object) -> NoReturn:
        raise AppendOnly("update_multiple")

    def upsert(self, *_: object, **__: object) -> NoReturn:
        raise AppendOnly("upsert")

    def remove(self, *_: object, **__: object) -> NoReturn:
        raise AppendOnly("remove")

    def truncate(self) -> NoReturn:
        raise AppendOnly("truncate")

    def _read_table(self) -> dict[str, Mapping[str, Any]]:
        tables = self._storage.read() or {}
        return cast("dict[str, Mapping[str, Any]]", tables.get(self.name, {}))

    def _update_table(self, updater: Callable[[dict[int, Mapping[str, Any]]], None]) -> NoReturn:
        raise AppendOnly("rewriting a table")

    def _get_next_id(self) -> int:
        return self.lane.seq + 1


class LaneDatabase(TinyDB):
    """A lane as a TinyDB database with its one table."""

    table_class = LaneTable

    def __init__(self, *args: object) -> None:
        super().__init__(*args, storage=LaneStorage)

    def table(self, name: str, **kwargs: Any) -> LaneTable:
        if name != self.default_table_name:
            raise JournalError(f"a lane has no table {name!r}, only its entries")
        return cast(LaneTable, super().table(name, **kwargs))

    def drop_table(self, name: str) -> NoReturn:
        raise AppendOnly("drop_table")

    def drop_tables(self) -> NoReturn:
        raise AppendOnly("drop_tables")


def _draft(document: Mapping[str, Any]) -> Draft:
    try:
        return msgspec.convert(dict(document), Draft)
    except msgspec.ValidationError as error:
        raise JournalError(f"the document is no entry: {error}") from error
