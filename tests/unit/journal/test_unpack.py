"""Import: the same incident elsewhere, its lanes as they were, or nothing at all."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from console.clock import RandomIds
from console.errors import JournalError
from console.journal.blobs import Blobs
from console.journal.bundle import export
from console.journal.cases import incidents
from console.journal.check import check
from console.journal.disk import Disk
from console.journal.imported import imported
from console.journal.lane import open_lane
from console.journal.places import places
from console.journal.reading import read
from console.journal.signing import own_key
from console.journal.stamp import HybridClock
from console.journal.tarball import header
from console.journal.unpack import load
from console.model.entry import Draft, Kind
from tests.unit.clocks import CountingIds, ManualClock
from tests.unit.journal.bundles import HEAP, Case, case_in, frames, needs_ssh, other_key, retold
from tests.unit.journal.support import ENOSPC, BrokenDisk, note, open_journal

pytestmark = needs_ssh


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return case_in(tmp_path / "there")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_incident_stands_elsewhere(case: Case, tmp_path: Path) -> None:
    done = load(case.bundle, tmp_path / "here", ids=RandomIds(), key=case.public)
    assert (done.incident, done.lanes, done.entries, done.blobs) == ("INC-0001", 2, len(case.entries), 1)
    assert done.signer == case.key.fingerprint
    assert incidents(tmp_path / "here") == ["INC-0001"]
    assert [entry.hash for entry in read(done.folder)] == [entry.hash for entry in case.entries]
    for lane in case.lanes:
        assert (done.folder / f"{lane}.lane").read_bytes() == (case.folder / f"{lane}.lane").read_bytes()
    blobs = Blobs(done.folder)
    assert [blobs.read(name) for name in blobs.names()] == [HEAP]
    assert check(done.folder, "INC-0001").sound
    modes = {stat.S_IMODE(path.stat().st_mode) for path in done.folder.rglob("*") if path.is_file()}
    assert modes == {0o400}
    assert [path.name for path in (tmp_path / "here" / "incidents").iterdir()] == ["INC-0001"]


def test_exported_again_it_is_the_same_bytes(case: Case, tmp_path: Path) -> None:
    done = load(case.bundle, tmp_path / "here", ids=RandomIds())
    export(done.folder, "INC-0001", tmp_path / "again.tar", case.key, ids=RandomIds())
    assert (tmp_path / "again.tar").read_bytes() == case.bundle.read_bytes()


def test_in_a_shared_state_folder_the_group_may_go_on(case: Case, tmp_path: Path) -> None:
    root = tmp_path / "here"
    root.mkdir()
    root.chmod(0o3770)
    done = load(case.bundle, root, ids=RandomIds())
    assert stat.S_IMODE(done.folder.stat().st_mode) == 0o3770
    assert stat.S_IMODE((done.folder / f"{case.lanes[0]}.lane").stat().st_mode) == 0o440
    assert check(done.folder, "INC-0001").sound


def test_imported_lanes_are_never_written_to_not_even_by_who_wrote_them(case: Case, tmp_path: Path) -> None:
    done = load(case.bundle, tmp_path / "here", ids=RandomIds())
    before = contents(done.folder)

    async def scene() -> str:
        journal = await open_journal(done.folder, host="ana")
        await journal.append([note("seen elsewhere")])
        lane = journal.lane
        assert journal.damages() == ()
        await journal.close()
        return lane

    lane = asyncio.run(scene())
    assert lane not in case.lanes
    after = contents(done.folder)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {f"{lane}.lane"}
    assert [entry.body.get("text") for entry in read(done.folder)][-1] == "seen elsewhere"


def test_who_wrote_them_is_known_though_the_files_are_the_importers(case: Case, tmp_path: Path) -> None:
    done = load(case.bundle, tmp_path / "here", ids=RandomIds())
    said = imported(done.folder)
    assert said is not None
    assert said.by == os.geteuid()
    assert said.author(case.lanes[0], os.geteuid()) == os.geteuid()
    assert said.author(case.lanes[0], 4711) == 4711
    assert said.author("eve.4711.0", os.geteuid()) == os.geteuid()


def test_a_lane_of_another_uid_keeps_its_author(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give files away")
    key = own_key(tmp_path, RandomIds())
    theirs = tmp_path / "uid"
    theirs.mkdir()
    path = write_as(theirs, 4711)
    export(theirs, "INC-0001", tmp_path / "b.tar", key, ids=RandomIds())
    done = load(tmp_path / "b.tar", tmp_path / "here", ids=RandomIds())
    kept = done.folder / path.name
    assert kept.stat().st_uid == os.geteuid()
    seen = check(done.folder, "INC-0001")
    assert seen.sound
    assert [(lane.author, lane.imported) for lane in seen.lanes] == [(4711, True)]
    os.chown(kept, 4712, 4712)
    assert not check(done.folder, "INC-0001").sound


def write_as(folder: Path, uid: int) -> Path:
    """A lane that another user wrote."""
    clock = ManualClock()
    hybrid = HybridClock(clock)
    lane = open_lane(
        places(folder), "INC-0001", clock=clock, hybrid=hybrid, ids=CountingIds(), host="b", uid=uid, disk=Disk()
    )
    lane.append([[note("x")]])
    lane.close()
    path = folder / f"{lane.name}.lane"
    os.chown(path, uid, uid)
    return path


def test_an_incident_that_is_there_is_left_alone(case: Case, tmp_path: Path) -> None:
    root = tmp_path / "here"
    load(case.bundle, root, ids=RandomIds())
    before = contents(root)
    with pytest.raises(JournalError, match="is there already"):
        load(case.bundle, root, ids=RandomIds())
    with pytest.raises(JournalError, match="is there already"):
        load(case.bundle, case.root, ids=RandomIds())
    assert contents(root) == before
    assert len(list((root / "incidents").iterdir())) == 1


def hostile(case: Case, what: str) -> str:
    """A bundle with one thing wrong."""
    files, lane = case.files, f"lanes/{case.lanes[0]}/0.lane"
    if what.startswith("without "):
        gone = lane if what == "without a lane" else what.removeprefix("without ")
        return case.made({name: data for name, data in files.items() if name != gone})
    if what.startswith("incident "):
        return case.resigned(files, change=lambda manifest: manifest.update(incident=what.removeprefix("incident ")))
    if what == "lane":
        return case.resigned({**files, lane: files[lane].replace(b"ana sees 1", b"ana sees 7")})
    if what == "frame":
        lines = frames(files[lane])
        return case.resigned(retold({**files, lane: b"".join(lines[:3] + lines[4:])}))
    return case.made({**files, what: b"x"} if what else {})


@pytest.mark.parametrize(
    "what",
    [
        "../../escape", "/tmp/escape", "lane", "frame", "incident ../../INC-0001", "incident INC-1",
        "incident INC-0002",
        "without MANIFEST.json.sig", "without MANIFEST.json", "without signer.pub", "without a lane", "",
    ],
)  # fmt: skip
def test_a_hostile_or_broken_bundle_is_refused_whole(case: Case, tmp_path: Path, what: str) -> None:
    root = tmp_path / "here"
    with pytest.raises(JournalError, match=r"refused|is not the id"):
        load(Path(hostile(case, what)), root, ids=RandomIds())
    assert not root.exists()
    assert not (tmp_path / "escape").exists()


@pytest.mark.parametrize("type", [b"1", b"2", b"3", b"5", b"6", b"x", b"S"])
def test_links_devices_and_bombs_are_refused(case: Case, tmp_path: Path, type: bytes) -> None:
    planted = bytearray(header("README.txt", (1 << 33) - 1))
    planted[156:157] = type
    planted[157:163] = b"/etc/x"
    planted[148:156] = b" " * 8
    planted[148:156] = b"%06o\0 " % sum(planted)
    path = tmp_path / "bomb.tar"
    path.write_bytes(bytes(planted) + case.bundle.read_bytes())
    with pytest.raises(JournalError, match="refused"):
        load(path, tmp_path / "here", ids=RandomIds())
    assert not (tmp_path / "here").exists()


def test_it_must_be_signed_by_whom_it_should_be(case: Case, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="signed by another key"):
        load(case.bundle, tmp_path / "here", ids=RandomIds(), key=other_key(tmp_path).line)
    with pytest.raises(JournalError, match="no Ed25519 public key"):
        load(case.bundle, tmp_path / "here", ids=RandomIds(), key="nonsense")
    assert any("may have made everything" in note for note in load(case.bundle, tmp_path / "x", ids=RandomIds()).notes)


def test_files_that_are_no_bundles(tmp_path: Path) -> None:
    for name in ("none", "folder", "fifo"):
        path = tmp_path / name
        if name == "folder":
            path.mkdir()
        elif name == "fifo":
            os.mkfifo(path)
        with pytest.raises(JournalError, match=r"could not be imported|refused"):
            load(path, tmp_path / "here", ids=RandomIds())


def test_what_others_name_and_is_not_here_is_told_and_imported(tmp_path: Path) -> None:
    made = Draft(Kind.ANCHOR_MADE, {"heads": {"gone.0.0": [1, "ab" * 32]}, "sink": "syslog", "text": ""})
    case = case_in(tmp_path / "there", [made])
    done = load(case.bundle, tmp_path / "here", ids=RandomIds())
    assert any("which is not here" in note for note in done.notes)


@pytest.mark.parametrize("call", ["write", "sync", "create"])
def test_a_full_disk_leaves_nothing(case: Case, tmp_path: Path, call: str) -> None:
    disk = BrokenDisk()
    disk.fails[call] = lambda path: ENOSPC if path.endswith(".lane") else 0
    with pytest.raises(JournalError, match="could not be imported"):
        load(case.bundle, tmp_path / "here", ids=RandomIds(), disk=disk)
    assert contents(tmp_path / "here") == {}
    assert list((tmp_path / "here" / "incidents").iterdir()) == []
    disk.heal()
    assert load(case.bundle, tmp_path / "here", ids=RandomIds(), disk=disk).lanes == 2


def test_what_says_what_was_imported_may_itself_be_hostile(case: Case, tmp_path: Path) -> None:
    done = load(case.bundle, tmp_path / "here", ids=RandomIds())
    path = done.folder / "imported" / "MANIFEST.json"
    for data in (b"", b"\xff", b"[" * 100_000, b"{}"):
        path.chmod(0o600)
        path.write_bytes(data)
        assert imported(done.folder) is None
        assert not check(done.folder, "INC-0001").sound
    path.unlink()
    os.mkfifo(path)
    assert imported(done.folder) is None
    assert imported(tmp_path) is None
