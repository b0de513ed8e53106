"""Export: the same journal is the same bytes, whatever happened to its disk, and whoever writes meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.clock import RandomIds
from console.errors import JournalError
from console.journal import redaction
from console.journal.blobs import Blobs
from console.journal.bundle import Exported, export
from console.journal.disk import Disk
from console.journal.places import places
from console.journal.roll import RETRY_S
from console.journal.signing import key_at, own_key, sign
from console.model.bodies import body_from
from console.model.entry import Draft, Kind
from console.model.redacted import redaction as redacting_body
from tests.unit.clocks import CountingIds, ManualClock
from tests.unit.journal.bundles import INCOMPLETE, TAMPERED, UNANCHORED, case_in, code, needs_ssh, told, untarred
from tests.unit.journal.support import EIO, ENOSPC, BrokenDisk, hear, lane_in, note, open_journal, write

pytestmark = needs_ssh


def bundle(root: Path, folder: Path, name: str = "b.tar", fallback: Path | None = None) -> Exported:
    return export(folder, "INC-0001", root / name, own_key(root, RandomIds()), ids=RandomIds(), fallback=fallback)


def test_the_same_journal_is_the_same_bytes(tmp_path: Path) -> None:
    case = case_in(tmp_path)
    done = bundle(tmp_path, case.folder, "again.tar")
    assert (tmp_path / "again.tar").read_bytes() == case.bundle.read_bytes()
    assert (done.lanes, done.entries, done.blobs, done.troubles) == (2, len(case.entries), 1, ())
    assert done.size == case.bundle.stat().st_size
    assert stat.S_IMODE(case.bundle.stat().st_mode) == 0o600
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_lanes_and_blobs_are_taken_byte_for_byte(tmp_path: Path) -> None:
    case = case_in(tmp_path)
    for lane in case.lanes:
        assert case.files[f"lanes/{lane}/0.lane"] == (case.folder / f"{lane}.lane").read_bytes()
    lines = [json.loads(line) for line in case.files["entries.jsonl"].splitlines()]
    assert [line["id"] for line in lines] == [entry.id for entry in case.entries]
    assert [line["hash"] for line in lines] == [entry.hash for entry in case.entries]
    custody = [json.loads(line) for line in case.files["custody.jsonl"].splitlines()]
    assert [(line["item"], line["n"], line["kind"].partition(".")[2]) for line in custody] == [
        ("E1", 1, "collected"), ("E1", 2, "hashed"), ("E1", 3, "transferred"),
    ]  # fmt: skip
    assert all(data.isascii() for data in (case.files["entries.jsonl"], case.files["custody.jsonl"]))


def test_other_programs_can_unpack_it(tmp_path: Path) -> None:
    case = case_in(tmp_path)
    listed = subprocess.run(["tar", "-tf", case.bundle], capture_output=True, text=True, check=True)
    assert listed.stdout.splitlines() == sorted(case.files)
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "-C", tmp_path / "out", "-xf", case.bundle], check=True)
    assert all((tmp_path / "out" / name).read_bytes() == data for name, data in case.files.items())


def test_consoles_may_write_while_it_is_exported(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    lane = lane_in(folder)
    write(lane, note("first"))
    stop = threading.Event()

    def writing() -> None:
        while not stop.is_set():
            write(lane, note("x" * 3000), note("y"))

    thread = threading.Thread(target=writing)
    thread.start()
    try:
        for number in range(12):
            done = bundle(tmp_path, folder, f"{number}.tar")
            assert done.troubles == ()
            assert code(done.path) == UNANCHORED, told(done.path)
    finally:
        stop.set()
        thread.join()


class Busy(Disk):
    """A disk on which others write just before a file is read for the first time."""

    def __init__(self, before: dict[str, Callable[[], None]]) -> None:
        self.before = before

    def open(self, path: Path, flags: int, mode: int = 0o600) -> int:
        self.before.pop(path.name, lambda: None)()
        return super().open(path, flags, mode)


def test_lanes_that_answer_each_other_while_they_are_copied_are_of_one_past(tmp_path: Path) -> None:
    folder = tmp_path / "case"

    async def scene() -> None:
        clock = ManualClock()
        lanes = {host: await open_journal(folder, host=host, clock=clock) for host in ("a", "b", "c")}
        await lanes["a"].append([note("begin")])

        def talk() -> None:
            # a is copied already; then all speak, each of what it read, before b and c are copied
            async def talking() -> None:
                for host in ("a", "b", "c", "a", "b"):
                    await hear(lanes[host], clock)
                    await lanes[host].append([note(f"{host} speaks"), note("twice")])
                lanes["d"] = await open_journal(folder, host="aa", clock=clock)
                await hear(lanes["b"], clock)
                await lanes["b"].append([note("b saw d")])
                await lanes["a"].append([note("a goes on, and nobody reads it")])

            asyncio.run_coroutine_threadsafe(talking(), loop).result(30)

        loop = asyncio.get_running_loop()
        disk = Busy({f"{lanes['b'].lane}.lane": talk})
        key = own_key(tmp_path, RandomIds())
        done = await asyncio.to_thread(export, folder, "INC-0001", tmp_path / "b.tar", key, ids=RandomIds(), disk=disk)
        assert code(done.path) == UNANCHORED, told(done.path)
        said = untarred(done.path.read_bytes())["entries.jsonl"]
        assert b"b saw d" in said
        assert said.count(b"a speaks") == 2
        assert b"nobody reads it" not in said
        for lane in lanes.values():
            await lane.close()

    asyncio.run(scene())


@pytest.mark.parametrize("keep", [0, 1, 40, 90, 300])
def test_a_frame_that_is_still_being_written_is_left_out(tmp_path: Path, keep: int) -> None:
    folder = tmp_path / "case"
    lane = lane_in(folder)
    write(lane, note("whole"))
    path = folder / f"{lane.name}.lane"
    before = path.read_bytes()
    write(lane, note("x" * 500))
    path.write_bytes(path.read_bytes()[: len(before) + keep] + b"\0" * (keep % 7))
    done = bundle(tmp_path, folder)
    files = untarred(done.path.read_bytes())
    assert files[f"lanes/{lane.name}/0.lane"] == before
    assert code(done.path) == UNANCHORED


def broken_write(folder: Path, fallback: Path) -> None:
    disk = BrokenDisk()
    lane = lane_in(folder, disk=disk)
    write(lane, note("a"))
    disk.short = 150
    disk.fails["write"] = lambda path: EIO if path.endswith(".lane") else 0
    write(lane, note("b"), note("c"))
    write(lane, note("d"))
    lane.close()


def full_disk(folder: Path, fallback: Path) -> None:
    disk, clock = BrokenDisk(), ManualClock()
    lane = lane_in(folder, disk=disk, fallback=fallback, clock=clock)
    write(lane, note("a"))
    disk.fail("write", ENOSPC, folder)
    disk.fail("create", ENOSPC, folder)
    write(lane, note("b"))
    write(lane, note("c"))
    disk.heal()
    clock.move(RETRY_S + 1)
    write(lane, note("d"))
    lane.close()


def still_in_the_fallback(folder: Path, fallback: Path) -> None:
    disk = BrokenDisk()
    lane = lane_in(folder, disk=disk, fallback=fallback)
    write(lane, note("a"))
    disk.fail("write", ENOSPC, folder)
    disk.fail("create", ENOSPC, folder)
    write(lane, note("b"))


def in_memory(folder: Path, fallback: Path) -> None:
    disk, clock = BrokenDisk(), ManualClock()
    lane = lane_in(folder, disk=disk, clock=clock)
    write(lane, note("a"))
    disk.fail("write", ENOSPC)
    disk.fail("create", ENOSPC)
    write(lane, note("b"))
    disk.heal()
    clock.move(RETRY_S + 1)
    write(lane, note("c"))
    lane.close()


def recovered(folder: Path, fallback: Path) -> None:
    lane = lane_in(folder)
    write(lane, note("a"))
    path = folder / f"{lane.name}.lane"
    lane.close()
    with open(path, "ab") as file:
        file.write(b"000000ff 12")
    lane = lane_in(folder)
    write(lane, note("b"))
    lane.close()


def rotated(folder: Path, fallback: Path) -> None:
    lane = lane_in(folder)
    for number in range(6):
        write(lane, note("x" * 400), note(str(number)))
    lane.close()
    lane = lane_in(folder)
    write(lane, note("again"))
    lane.close()


@pytest.mark.parametrize("life", [broken_write, full_disk, still_in_the_fallback, in_memory, recovered, rotated])
def test_what_the_disk_went_through_is_no_tampering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, life: Callable[[Path, Path], None]
) -> None:
    monkeypatch.setattr("console.journal.roll.FULL", 2000)
    folder, fallback = tmp_path / "case", tmp_path / "spare"
    life(folder, fallback)
    done = bundle(tmp_path, folder, fallback=fallback)
    assert done.troubles == ()
    assert code(done.path) == UNANCHORED, told(done.path)
    assert any(name.startswith("fallback/") for name in untarred(done.path.read_bytes())) == (
        life in (full_disk, still_in_the_fallback)
    )


def test_a_segment_that_is_gone_leaves_a_gap_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.journal.roll.FULL", 2000)
    folder = tmp_path / "case"
    rotated(folder, tmp_path)
    files = sorted(folder.glob("*.lane*"))
    assert len(files) > 2
    files[1].unlink()
    assert code(bundle(tmp_path, folder).path) == INCOMPLETE


def test_damage_on_the_disk_is_exported_as_it_is_and_told_by_both(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    lane = lane_in(folder)
    for text in "abcd":
        write(lane, note(text * 50))
    lane.close()
    path = folder / f"{lane.name}.lane"
    data = bytearray(path.read_bytes())
    data[data.index(b"b" * 50)] ^= 1
    path.write_bytes(data)
    write(lane_in(folder), note("behind the damage"))
    done = bundle(tmp_path, folder)
    assert any("does not match its digest" in trouble for trouble in done.troubles)
    assert untarred(done.path.read_bytes())[f"lanes/{lane.name}/0.lane"] == bytes(data)
    text = told(done.path)
    assert code(done.path) == TAMPERED
    assert "whoever exported it was told of damage" in text


def test_what_cannot_be_read_does_not_stop_the_rest(tmp_path: Path) -> None:
    case = case_in(tmp_path)
    os.mkfifo(case.folder / "eve.0.0.lane")
    blobs = Blobs(case.folder)
    os.mkfifo(blobs.path("0" * 64))
    name = blobs.names()[-1]
    blobs.path(name).chmod(0o600)
    blobs.path(name).write_bytes(b"planted")
    done = bundle(tmp_path, case.folder)
    assert len(done.troubles) == 3
    assert code(done.path) == TAMPERED
    text = told(done.path)
    assert "lanes/eve.0.0/0.lane could not be read" in text
    assert f"{name} has another content" in text


def test_what_was_redacted_is_not_exported_and_is_no_tampering(tmp_path: Path) -> None:
    folder, disk = tmp_path / "case", Disk()
    lane = lane_in(folder)
    (entry,) = write(lane, note("the name of a patient"))
    where = places(folder)
    target = redaction.find(where, "INC-0001", entry.id, disk)
    mark = redaction.mark(where, target, disk)
    body = redacting_body(target.entry, basis="", approver="ana", reason="a name")
    write(lane, Draft(Kind.ENTRY_REDACTED, body_from(body)))
    between = bundle(tmp_path, folder, "between.tar")
    assert code(between.path) == UNANCHORED
    assert redaction.overwrite(where, mark, disk) == ["the name of a patient"]
    redaction.finish(mark, disk)
    done = bundle(tmp_path, folder)
    assert b"patient" not in done.path.read_bytes()
    assert "1 of 1 blanked entries were redacted by right" in told(done.path)
    assert code(done.path) == UNANCHORED
    lane.close()


def test_nothing_is_written_over_or_left_behind(tmp_path: Path) -> None:
    case = case_in(tmp_path)
    before = case.bundle.read_bytes()
    for out, words in ((case.bundle, "is there already"), (tmp_path / "none" / "x.tar", "there is no folder")):
        with pytest.raises(JournalError, match=words):
            export(case.folder, "INC-0001", out, case.key, ids=CountingIds())
    with pytest.raises(JournalError, match="there is no journal"):
        export(tmp_path / "empty", "INC-0001", tmp_path / "x.tar", case.key, ids=CountingIds())
    assert case.bundle.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["INC-0001.tar", "identity", "identity.pub", "incidents"]


def test_a_lane_of_another_owner_keeps_its_owner(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give files away")
    case = case_in(tmp_path)
    os.chown(case.folder / f"{case.lanes[0]}.lane", 4711, 4711)
    done = bundle(tmp_path, case.folder)
    assert code(done.path) == TAMPERED
    assert "belonged to uid 4711" in told(done.path)


# Keys.


def test_a_key_is_made_once_and_is_the_consoles_alone(tmp_path: Path) -> None:
    key = own_key(tmp_path / "state", RandomIds())
    path = tmp_path / "state" / "identity"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert own_key(tmp_path / "state", RandomIds()) == key
    assert key.fingerprint.startswith("SHA256:")
    shown = subprocess.run(["ssh-keygen", "-lf", path], capture_output=True, text=True, check=True).stdout
    assert key.fingerprint in shown
    assert sorted(p.name for p in path.parent.iterdir()) == ["identity", "identity.pub"]
    path.with_name("identity.pub").unlink()
    assert key_at(path) == key
    path.chmod(0o640)
    with pytest.raises(JournalError, match="not yours alone"):
        own_key(tmp_path / "state", RandomIds())


def test_consoles_that_make_a_key_at_once_have_the_same(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from console.clock import RandomIds\n"
        "from console.journal.signing import own_key; print(own_key(Path(sys.argv[1]), RandomIds()).public)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({one.communicate(timeout=60)[0] for one in running}) == 1
    assert [one.returncode for one in running] == [0] * 4
    assert sorted(p.name for p in tmp_path.iterdir()) == ["identity", "identity.pub"]


def test_keys_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no key"):
        key_at(tmp_path / "none")
    make = ["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(tmp_path / "ecdsa")]
    subprocess.run(make, check=True)
    with pytest.raises(JournalError, match="not an Ed25519 key"):
        key_at(tmp_path / "ecdsa")
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "open sesame", "-f", str(tmp_path / "locked")]
    subprocess.run(make, check=True)
    with pytest.raises(JournalError, match="ssh-keygen: ") as caught:
        sign(key_at(tmp_path / "locked"), b"x")
    assert "ssh-agent" in caught.value.next
    own = own_key(tmp_path, RandomIds())
    (tmp_path / "identity.pub").write_text((tmp_path / "locked.pub").read_text())
    with pytest.raises(JournalError, match=r"match private|another key than"):
        sign(key_at(tmp_path / "identity"), b"x")
    assert own.public not in (tmp_path / "identity.pub").read_text()


def test_without_ssh_keygen_it_is_said_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(JournalError, match="ssh-keygen is not installed"):
        own_key(tmp_path, RandomIds())
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_an_agent_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_in(tmp_path)
    socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        for _ in range(200):
            added = subprocess.run(["ssh-add", "-q", str(tmp_path / "identity")], capture_output=True, check=False)
            if added.returncode == 0:
                break
        assert added.returncode == 0, added.stderr
        held = tmp_path / "held" / "key.pub"
        held.parent.mkdir()
        held.write_text((tmp_path / "identity.pub").read_text())
        done = export(case.folder, "INC-0001", tmp_path / "agent.tar", key_at(held), ids=RandomIds())
        assert done.path.read_bytes() == case.bundle.read_bytes()
    finally:
        agent.terminate()
        agent.wait(10)


STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["append", "many", "news", "evidence", "odd"]), st.integers(0, 99)),
    min_size=1,
    max_size=25,
)


@given(STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_journalled_exports_the_same_twice_and_verifies(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, int]]
) -> None:
    root = tmp_path_factory.mktemp("p")
    folder = root / "case"

    async def scene() -> None:
        clock = ManualClock()
        lanes = [await open_journal(folder, host=host, clock=clock) for host in ("a", "b", "c")]
        for who, what, number in steps:
            if what == "news":
                await hear(lanes[who], clock)
            elif what == "evidence":
                body: dict[str, object] = {"item": f"E{number % 3}", "title": str(number)}
                await lanes[who].append([Draft(Kind.EVIDENCE_COLLECTED, body)])
            elif what == "odd":
                body = {"text": "\x00\x7f\u202e\ud800é", "n": number / 7, "deep": [[{"": None}]], "big": 2**62}
                await lanes[who].append([Draft(Kind.NOTE_ADDED, body, occurred_at=number)])
            else:
                await lanes[who].append([note(str(n)) for n in range(number % 5 + 1 if what == "many" else 1)])
        for lane in lanes:
            await lane.close()

    asyncio.run(scene())
    one, two = bundle(root, folder, "1.tar"), bundle(root, folder, "2.tar")
    assert one.path.read_bytes() == two.path.read_bytes()
    assert code(one.path, str(root / "identity.pub")) == UNANCHORED, told(one.path)
