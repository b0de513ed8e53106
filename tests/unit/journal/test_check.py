"""Check tells what is wrong with a journal, and where; salvage takes what holds, and says what did not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.errors import JournalError
from console.journal.blobs import Blobs
from console.journal.check import JournalCheck, check
from console.journal.reading import read
from console.journal.salvage import REPORT, Salvaged, salvage
from tests.unit.clocks import ManualClock
from tests.unit.journal.bundles import frames, scene
from tests.unit.journal.support import follow, hear, lane_in, note, open_journal, texts, write

INC = "INC-0001"


def case_in(folder: Path) -> tuple[Path, Path]:
    """A journal of two consoles; the file of each."""
    lanes, _ = asyncio.run(scene(folder))
    return folder / f"{lanes[0]}.lane", folder / f"{lanes[1]}.lane"


def alter(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def words(found: JournalCheck) -> str:
    lanes = [text for lane in found.lanes for text in (*lane.damage, *lane.troubles)]
    return "\n".join([*found.troubles, *lanes])


def test_a_sound_journal(tmp_path: Path) -> None:
    one, two = case_in(tmp_path / "case")
    found = check(tmp_path / "case", INC)
    assert found.sound, words(found)
    assert [lane.lane for lane in found.lanes] == [one.name[:-5], two.name[:-5]]
    assert [lane.entries for lane in found.lanes] == [lane.last_seq for lane in found.lanes]
    assert sum(lane.entries for lane in found.lanes) == len(list(read(tmp_path / "case")))
    assert (found.blobs, found.name) == (1, "case")
    assert {lane.author for lane in found.lanes} == {os.geteuid()}
    assert all(len(lane.head) == 64 for lane in found.lanes)


def test_a_journal_that_is_written_meanwhile_is_sound(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = ManualClock()
        one = await open_journal(tmp_path / "case", host="a", clock=clock)
        two = await open_journal(tmp_path / "case", host="b", clock=clock)
        for _ in range(3):
            await one.append([note("x")])
            await hear(two, clock)
            await two.append([note("y")])
            await hear(one, clock)
        assert (await asyncio.to_thread(check, tmp_path / "case", INC)).sound
        await one.close()
        await two.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data.replace(b"ana sees 2", b"ana sees 7"), "does not match its digest"),
        (lambda data: b"".join(frames(data)[:3] + frames(data)[4:]), "does not follow"),
        (lambda data: data + b"rubbish\n", "is not a frame"),
        (lambda data: b"".join(frames(data)[:4]), "which is not here"),
        (lambda data: data.replace(b'"seq":3', b'"seq":9'), "fails its CRC"),
        (lambda data: b"", "which is not here"),
        (lambda data: b"".join(frames(data)[1:]), "does not begin with a prologue"),
        (lambda data: b"".join(frames(data)[4:]), "entries 1 to 3 are not here"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, change: Callable[[bytes], bytes], said: str) -> None:
    one, _ = case_in(tmp_path / "case")
    alter(one, change)
    found = check(tmp_path / "case", INC)
    assert not found.sound
    assert said in words(found)


def test_a_torn_end_is_told_and_is_no_damage(tmp_path: Path) -> None:
    one, _ = case_in(tmp_path / "case")
    alter(one, lambda data: data + b"000000ff 12ab")
    found = check(tmp_path / "case", INC)
    assert found.sound
    assert found.lanes[0].torn == (one.name,)


def test_lanes_folders_and_blobs_that_are_not_as_they_should_be(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    one, two = case_in(folder)
    one.chmod(0o666)
    assert "has mode 0666" in words(check(folder, INC))
    one.chmod(0o640)
    folder.chmod(0o777)
    assert "everybody may write" in words(check(folder, INC))
    folder.chmod(0o700)
    assert check(folder, INC).sound
    blobs = Blobs(folder)
    path = blobs.path(blobs.names()[0])
    path.chmod(0o600)
    path.write_bytes(b"planted")
    (blobs.folder / "notes.txt").write_text("x")
    (blobs.folder / ".new-0-1").write_text("half")
    text = words(check(folder, INC))
    assert "is damaged" in text
    assert "notes.txt is no blob" in text
    assert ".new-0-1" not in text
    two.unlink()
    assert f"lane {two.name[:-5]} is not here" in words(check(folder, INC))
    assert not check(tmp_path / "none", INC).sound


def test_a_lane_with_the_files_of_another_user(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give files away")
    one, _ = case_in(tmp_path / "case")
    os.chown(one, 4711, 4711)
    found = check(tmp_path / "case", INC)
    assert "belong to uid 4711" in words(found)
    assert found.lanes[0].author == 4711


# Salvage.


def saved(folder: Path, out: Path) -> Salvaged:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}
    done = salvage(folder, INC, out)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
    return done


def test_a_sound_journal_is_copied_byte_for_byte(tmp_path: Path) -> None:
    folder, out = tmp_path / "case", tmp_path / "out"
    files = case_in(folder)
    done = saved(folder, out)
    assert (done.losses, done.blobs) == ((), 1)
    assert all((out / path.name).read_bytes() == path.read_bytes() for path in files)
    assert check(out, INC).sound
    assert "0 places" in (out / REPORT).read_text()


def test_frames_around_damage_are_saved_and_what_was_lost_is_said(tmp_path: Path) -> None:
    folder, out = tmp_path / "case", tmp_path / "out"
    one, _ = case_in(folder)
    alter(one, lambda data: data.replace(b"ana sees 2", b"ana sees 7") + b"000000ff 12ab")
    done = saved(folder, out)
    lane = done.lanes[0]
    assert lane.gaps == ("4",)
    assert [loss.why for loss in done.losses] == [
        "has a payload that does not match its digest", "a frame that was not written to its end",
    ]  # fmt: skip
    assert "ana sees 2" not in texts(list(read(out)))
    assert {"ana sees 0", "ana sees 1", "ana sees 3"} <= set(texts(list(read(out))))
    text = (out / REPORT).read_text()
    assert "missing: 4" in text
    assert f"{one.name} at byte" in text


def test_a_lost_prologue_is_written_anew(tmp_path: Path) -> None:
    folder, out = tmp_path / "case", tmp_path / "out"
    one, _ = case_in(folder)
    alter(one, lambda data: b"x" + data[1:])
    saved(folder, out)
    follower, entries = follow(out, one.name[:-5])
    assert follower.damages == []
    assert texts(entries)[0] == "ana sees 0"


def test_a_salvaged_journal_can_be_gone_on_with(tmp_path: Path) -> None:
    folder, out = tmp_path / "case", tmp_path / "out"
    lane = lane_in(folder)
    for text in "abc":
        write(lane, note(text))
    lane.close()
    alter(folder / f"{lane.name}.lane", lambda data: data.replace(b'"text":"b"', b'"text":"B"'))
    saved(folder, out)
    lane = lane_in(out)
    write(lane, note("d"))
    lane.close()
    assert texts(list(read(out))) == ["a", "c", "d"]


def test_nothing_is_salvaged_into_a_folder_that_is_there(tmp_path: Path) -> None:
    case_in(tmp_path / "case")
    for out in (tmp_path, tmp_path / "case"):
        with pytest.raises(JournalError, match="could not be made"):
            salvage(tmp_path / "case", INC, out)


def test_hostile_files_are_losses(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    one, _ = case_in(folder)
    os.mkfifo(folder / "eve.0.0.lane")
    (folder / "mallory.0.0.lane").write_bytes(one.read_bytes())
    done = saved(folder, tmp_path / "out")
    assert [lane.entries for lane in done.lanes if lane.lane == "mallory.0.0"] == [0]
    assert any("cannot be opened" in loss.why for loss in done.losses)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 7)), max_size=6), st.integers(0, 200))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_to_a_lane_every_frame_that_is_whole_is_saved(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]], cut: int
) -> None:
    root = tmp_path_factory.mktemp("s")
    lane = lane_in(root / "case")
    for number in range(8):
        write(lane, note(f"<{number}>"), note("second"))
    lane.close()
    path = root / "case" / f"{lane.name}.lane"
    whole = frames(path.read_bytes())
    data = bytearray(path.read_bytes())
    data = data[: len(data) - cut]
    ends = [at for at, byte in enumerate(data) if byte == 10]
    flips += [(ends[place % len(ends)], bit) for place, bit in flips[:1]]
    for place, bit in flips:
        data[place % len(data)] ^= 1 << bit
    path.write_bytes(data)
    saved(root / "case", root / "out")
    kept = (root / "out" / path.name).read_bytes() if (root / "out" / path.name).exists() else b""
    still = [line for line in whole[1:] if line in bytes(data)]
    assert list(frames(kept)[1:]) == still
    assert len(list(read(root / "out"))) == sum(2 if b"second" in line else 1 for line in still)
