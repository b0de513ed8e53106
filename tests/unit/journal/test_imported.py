"""Imported lanes in a console that works on: whose entries they are, and whose word counts for that."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from console.clock import RandomIds
from console.journal.bundle import export
from console.journal.imported import imported
from console.journal.journal import Journal
from console.journal.signing import own_key
from console.journal.unpack import load
from tests.unit.journal.bundles import needs_ssh
from tests.unit.journal.support import note, open_journal, texts
from tests.unit.journal.test_unpack import write_as

pytestmark = [needs_ssh, pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")]
THEIRS = "b.4711.0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An incident that was imported here; another user wrote it elsewhere."""
    there = tmp_path / "there"
    there.mkdir(0o700)
    write_as(there, 4711)
    export(there, "INC-0001", tmp_path / "b.tar", own_key(tmp_path, RandomIds()), ids=RandomIds())
    return load(tmp_path / "b.tar", tmp_path / "here", ids=RandomIds()).folder


async def opened(folder: Path) -> Journal:
    journal = await open_journal(folder)
    await journal.append([note("ours")])
    await journal.news()
    return journal


def test_a_console_shows_it_whole_verified_and_by_who_wrote_it(folder: Path) -> None:
    async def scene() -> None:
        journal = await opened(folder)
        assert texts(list(journal.entries())) == ["x", "ours"]
        assert journal.damages() == ()
        assert (journal.health().ok, journal.health().verified) == (True, True)
        assert journal.authors() == {journal.lane: os.geteuid(), THEIRS: 4711}
        await journal.close()

    asyncio.run(scene())


@pytest.mark.parametrize("who", ["the lane's file", "the manifest"])
def test_only_the_importer_who_made_the_folder_says_whose_lanes_they_are(folder: Path, who: str) -> None:
    """Members of a group may add files to a folder: what they add is theirs, whatever a manifest of theirs says."""
    planted = folder / f"{THEIRS}.lane" if who == "the lane's file" else folder / "imported" / "MANIFEST.json"
    os.chown(planted, 4712, 4712)
    assert (imported(folder) is None) == (who == "the manifest")

    async def scene() -> None:
        journal = await opened(folder)
        author = 4712 if who == "the lane's file" else os.geteuid()
        assert journal.authors()[THEIRS] == author
        assert [d.why for d in journal.damages()] == [f"the file belongs to uid {author}, not to 4711"]
        assert not journal.health().ok
        await journal.close()

    asyncio.run(scene())
