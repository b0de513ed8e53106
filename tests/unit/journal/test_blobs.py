"""Blobs: written once, whole or not at all, told when they are not what they should be."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.errors import JournalError
from console.journal.blobs import Blobs, Spoiled
from console.secret import Redactor, Secret
from tests.unit.clocks import CountingIds
from tests.unit.journal.support import EIO, ENOSPC, BrokenDisk


def test_a_piece_is_kept_under_its_digest_and_read_back(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    blob = blobs.put([b"core ", b"dump"])
    assert (blob.digest, blob.size) == (sha256(b"core dump").hexdigest(), 9)
    assert blobs.read(blob.digest) == b"core dump"
    assert blobs.verify(blob.digest) == 9
    assert blobs.names() == [blob.digest]
    assert blobs.strays() == []
    assert stat.S_IMODE(blobs.path(blob.digest).stat().st_mode) == 0o400
    assert stat.S_IMODE(blobs.folder.stat().st_mode) == 0o700


def test_the_same_content_twice_is_one_blob_that_is_not_written_again(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    first = blobs.path(blobs.put([b"x"]).digest).stat()
    blobs.put([b"", b"x"])
    assert blobs.path(sha256(b"x").hexdigest()).stat().st_ino == first.st_ino
    assert len(blobs.names()) == 1


def test_in_a_shared_incident_the_group_may_add_and_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o3770)
    blobs = Blobs(tmp_path)
    blob = blobs.put([b"x"])
    assert stat.S_IMODE(blobs.folder.stat().st_mode) == 0o3770
    assert stat.S_IMODE(blobs.path(blob.digest).stat().st_mode) == 0o440


@given(st.lists(st.binary(max_size=300), max_size=6))
@settings(max_examples=60, deadline=None)
def test_whatever_is_put_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    blobs = Blobs(tmp_path_factory.mktemp("b"))
    whole = b"".join(pieces)
    blob = blobs.put(pieces)
    assert (blobs.read(blob.digest), blob.size) == (whole, len(whole))
    assert blob.digest == sha256(whole).hexdigest()


def test_secrets_are_taken_out_of_text_before_it_is_kept(tmp_path: Path) -> None:
    redactor = Redactor()
    redactor.learn(Secret("hunter2hunter2"))
    blobs = Blobs(tmp_path, redactor=redactor)
    blob = blobs.put_text("login with hunter2hunter2 and \udc80 é\n")
    assert blobs.read(blob.digest) == "login with [redacted] and � é\n".encode()
    assert all(b"hunter2" not in path.read_bytes() for path in blobs.folder.iterdir())


def test_a_wrong_file_under_the_right_name_is_damage_and_stays(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    path = blobs.path(blobs.put([b"right"]).digest)
    path.chmod(0o600)
    path.write_bytes(b"wrong")
    for look in (lambda: blobs.put([b"right"]), lambda: blobs.read(path.name), lambda: blobs.verify(path.name)):
        with pytest.raises(Spoiled, match="is damaged"):
            look()
    assert path.read_bytes() == b"wrong"
    assert blobs.strays() == []


@pytest.mark.parametrize("plant", ["link", "dangling", "fifo", "folder", "second name"])
def test_links_fifos_and_files_with_a_second_name_are_refused(tmp_path: Path, plant: str) -> None:
    blobs = Blobs(tmp_path)
    blobs.put([b"other"])
    path = blobs.path(sha256(b"right").hexdigest())
    target = tmp_path / "target"
    if plant in ("link", "second name"):
        target.write_bytes(b"right")
    if plant in ("link", "dangling"):
        path.symlink_to(target)
    elif plant == "fifo":
        os.mkfifo(path)
    elif plant == "folder":
        path.mkdir()
    else:
        path.hardlink_to(target)
    with pytest.raises(Spoiled, match="is not a plain file"):
        blobs.put([b"right"])
    with pytest.raises(Spoiled, match="is not a plain file"):
        blobs.read(path.name)
    assert blobs.strays() == []


def test_a_folder_that_is_a_link_or_open_to_strangers_is_refused(tmp_path: Path) -> None:
    case = tmp_path / "case"
    case.mkdir(0o700)
    (case / "blobs").symlink_to(tmp_path)
    with pytest.raises(JournalError, match="is not a folder"):
        Blobs(case).put([b"x"])
    (case / "blobs").unlink()
    (case / "blobs").mkdir()
    (case / "blobs").chmod(0o777)
    with pytest.raises(JournalError, match="everybody may write"):
        Blobs(case).put([b"x"])


@pytest.mark.parametrize(("call", "code"), [("write", ENOSPC), ("sync", EIO), ("create", ENOSPC)])
def test_a_disk_that_fails_leaves_nothing_half_kept(tmp_path: Path, call: str, code: int) -> None:
    disk = BrokenDisk()
    blobs = Blobs(tmp_path, disk=disk, ids=CountingIds())
    disk.short = 3
    disk.fail(call, code)
    with pytest.raises(JournalError, match="could not be kept"):
        blobs.put([b"content"])
    assert blobs.names() == blobs.strays() == []
    disk.heal()
    assert blobs.read(blobs.put([b"content"]).digest) == b"content"


def test_the_limit_holds_for_what_is_put_and_for_what_is_planted(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path, limit=10)
    with pytest.raises(JournalError, match="over 10 bytes"):
        blobs.put([b"x" * 6, b"y" * 6])
    assert blobs.strays() == []
    Blobs(tmp_path).put([b"z" * 11])
    with pytest.raises(Spoiled, match="longer than the limit"):
        blobs.read(sha256(b"z" * 11).hexdigest())
    with pytest.raises(JournalError, match="over 4 bytes"):
        Blobs(tmp_path).read(sha256(b"z" * 11).hexdigest(), limit=4)


def test_what_is_not_there_and_what_is_no_digest(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    assert blobs.names() == []
    with pytest.raises(JournalError, match="there is no blob"):
        blobs.read("0" * 64)
    for name in ("../secret", "0" * 63, "A" * 64, "", "0" * 64 + "\n"):
        with pytest.raises(ValueError, match="is not a SHA-256"):
            blobs.read(name)


def test_many_processes_that_keep_the_same_pieces_agree(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from console.journal.blobs import Blobs\n"
        "for n in range(40): Blobs(Path(sys.argv[1])).put([b'%d' % n * 500])\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(3)]
    assert [one.wait(60) for one in running] == [0, 0, 0]
    blobs = Blobs(tmp_path)
    assert len(blobs.names()) == 40
    assert blobs.strays() == []
    assert sum(map(blobs.verify, blobs.names())) == sum(len(b"%d" % n) * 500 for n in range(40))


def test_nobody_writes_to_a_kept_file(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    path = blobs.path(blobs.put([b"x"]).digest)
    with pytest.raises(PermissionError):
        blobs._disk.open(path, os.O_RDWR | os.O_APPEND)


def test_every_number_is_given_once(tmp_path: Path) -> None:
    """Two consoles that file at the same moment, each of which knows of three pieces."""
    one, other = Blobs(tmp_path), Blobs(tmp_path)
    assert [one.claim(4), other.claim(4), one.claim(4), other.claim(1)] == ["E-0004", "E-0005", "E-0006", "E-0001"]
    assert one.names() == one.strays() == []


def test_where_no_number_can_be_had_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("not a folder")
    with pytest.raises(JournalError, match="is not a folder"):
        Blobs(tmp_path).claim(1)
