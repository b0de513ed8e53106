"""The incidents of a state folder, and where it may lie."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from console.errors import JournalError
from console.journal.cases import allocate, file_system, incident_folder, incidents, local_folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_ids_count_up_and_are_listed_by_number(tmp_path: Path) -> None:
    root = tmp_path / "state"
    assert incidents(root) == []
    assert allocate(root) == ("INC-0001", root / "incidents" / "INC-0001")
    (root / "incidents" / "INC-10000").mkdir()
    (root / "incidents" / "INC-9999").mkdir()
    (root / "incidents" / "notes").mkdir()
    assert allocate(root)[0] == "INC-10001"
    assert incidents(root) == ["INC-0001", "INC-9999", "INC-10000", "INC-10001"]


def test_many_at_once_get_an_id_each(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: allocate(tmp_path)[0], range(40)))
    assert sorted(made) == [f"INC-{n:04d}" for n in range(1, 41)]


def test_modes_follow_the_state_folder(tmp_path: Path) -> None:
    _, alone = allocate(tmp_path / "alone")
    group = tmp_path / "group"
    group.mkdir()
    group.chmod(0o3770)
    _, shared = allocate(group)
    assert mode(alone) == mode(alone.parent) == mode(alone.parent.parent) == 0o700
    assert mode(shared) == mode(shared.parent) == 0o3770


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden", "x..y"])
def test_an_id_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        incident_folder(tmp_path, name)


def mounts(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "mounts"
    path.write_text("\n".join(["/dev/vda / ext4 rw 0 0", *lines]) + "\n")
    return path


def test_the_longest_mount_point_decides(tmp_path: Path) -> None:
    home = tmp_path / "my home"
    table = mounts(
        tmp_path,
        f"srv:/h {str(home).replace(' ', chr(92) + '040')} nfs4 rw 0 0",
        f"/dev/vdb {str(home).replace(' ', chr(92) + '040')}/local xfs rw 0 0",
    )
    assert file_system(home / "state", table) == "nfs4"
    assert file_system(home / "local" / "x", table) == "xfs"
    assert file_system(tmp_path / "my homework", table) == "ext4"
    assert file_system(tmp_path, tmp_path / "no such table") == ""


def test_a_network_home_moves_to_a_local_folder_of_ours(tmp_path: Path) -> None:
    home, local = tmp_path / "home", tmp_path / "var"
    local.mkdir()
    table = mounts(tmp_path, f"srv:/h {home} nfs rw 0 0")
    moved = local_folder(home / "state", mounts=table, temporary=local)
    assert moved == local / f"warroom-{os.geteuid()}"
    assert mode(moved) == 0o700
    moved.chmod(0o755)
    assert local_folder(home / "state", mounts=table, temporary=local) == moved
    assert mode(moved) == 0o700
    assert local_folder(local, mounts=table, temporary=local) == local


def test_a_planted_local_folder_is_refused(tmp_path: Path) -> None:
    home, local = tmp_path / "home", tmp_path / "var"
    local.mkdir()
    (tmp_path / "trap").mkdir()
    (local / f"warroom-{os.geteuid()}").symlink_to(tmp_path / "trap")
    table = mounts(tmp_path, f"srv:/h {home} nfs rw 0 0")
    with pytest.raises(JournalError, match="not a folder of ours"):
        local_folder(home, mounts=table, temporary=local)
