"""Whatever is done to a bundle, the verifier tells: not one of these may come out as valid."""

from __future__ import annotations

import ast
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.journal import proof
from console.journal.anchor import Anchor
from console.journal.check import check
from console.journal.tarball import header
from console.model.entry import Draft, Kind
from tests.unit.journal.bundles import (
    INCOMPLETE,
    TAMPERED,
    UNANCHORED,
    VALID,
    Case,
    blanked,
    case_in,
    code,
    frames,
    needs_ssh,
    other_key,
    rechained,
    retold,
    tarred,
    told,
    untarred,
)

pytestmark = needs_ssh


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return case_in(tmp_path_factory.mktemp("case"))


def lane(case: Case, number: int) -> str:
    return f"lanes/{case.lanes[number]}/0.lane"


def test_a_sound_bundle_is_valid_once_it_is_anchored_outside(case: Case) -> None:
    assert code(case.bundle, case.public) == UNANCHORED
    assert code(case.bundle, case.public, case.anchors(case.last(0), case.last(1))) == VALID


def test_what_an_anchored_entry_names_is_anchored_with_it(case: Case) -> None:
    anchors = case.anchors(case.last(1))
    assert code(case.bundle, case.public, anchors) == VALID
    assert f"vouch for {case.last(0).stamp.seq} of the {case.last(0).stamp.seq} numbers" in told(
        case.bundle, case.public, anchors
    )


def test_an_anchor_vouches_for_no_lane_that_it_does_not_reach(case: Case) -> None:
    first = next(e for e in case.entries if e.stamp.lane == case.lanes[0])
    assert code(case.bundle, case.public, case.anchors(first)) == UNANCHORED
    assert code(case.bundle, case.public, case.anchors()) == UNANCHORED


def test_a_line_as_the_console_writes_it_is_understood(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "anchors"
    last = case.last(1)
    said = Anchor("INC-0001", last.stamp.lane, last.stamp.seq, last.hash, 0)
    path.write_text(f"<37>Nov 23 21:00:00 host warroom: {said}\n")
    assert code(case.bundle, case.public, str(path)) == VALID


def test_anchors_that_do_not_fit(case: Case, tmp_path: Path) -> None:
    good = Path(case.anchors(case.last(0), case.last(1))).read_text()
    path = tmp_path / "anchors"
    head = case.last(0).hash
    for text, expected in (
        (good.replace(head, "f" * 64), TAMPERED),
        (good.replace(f" {case.last(0).stamp.seq} {head}", f" 999 {head}"), INCOMPLETE),
        (good.replace("ana.", "eve."), INCOMPLETE),
        (good.replace("INC-0001", "INC-0002"), UNANCHORED),
        (good.replace("warroom-anchor", "xwarroom-anchor"), UNANCHORED),
    ):
        path.write_text(text)
        assert code(case.bundle, case.public, str(path)) == expected


@pytest.mark.parametrize("form", ["file", "line", "fingerprint", "allowed", "allowed file", "among others"])
def test_the_key_may_be_given_in_many_forms(case: Case, tmp_path: Path, form: str) -> None:
    line = case.key.line.strip()
    path = tmp_path / "key"
    other = other_key(tmp_path).line
    path.write_text({"among others": f"# team\nlea@x {other}ana@x,ops {line}\n"}.get(form, f"ana@example.com {line}\n"))
    key = {
        "file": case.public,
        "line": line,
        "fingerprint": case.key.fingerprint,
        "allowed": f'ana@example.com namespaces="warroom-bundle,git" {line}',
    }.get(form, str(path))
    assert code(case.bundle, key) == UNANCHORED
    assert "signed by the key given" in told(case.bundle, key)


def test_another_key_or_one_for_another_purpose_is_not_enough(case: Case, tmp_path: Path) -> None:
    other = other_key(tmp_path)
    for key in (other.line, other.fingerprint, f'ana namespaces="file" {case.key.line}', "SHA256:" + "A" * 43):
        assert code(case.bundle, key) == TAMPERED
    assert "whoever made the bundle may have made everything" in told(case.bundle)


def test_every_flipped_bit_is_noticed(case: Case, tmp_path: Path) -> None:
    data = bytearray(case.bundle.read_bytes())
    path = tmp_path / "flipped.tar"
    dice = random.Random(7)
    heads = [0, 100, 124, 148, 156, 257, 345, 511]
    places = {*(dice.randrange(len(data)) for _ in range(250)), *heads, *range(len(data) - 1024, len(data), 97)}
    for place in sorted(places):
        bit = 1 << dice.randrange(8)
        data[place] ^= bit
        path.write_bytes(data)
        assert code(path, case.public) in (TAMPERED, INCOMPLETE), place
        data[place] ^= bit


def test_every_flipped_bit_of_what_is_signed_and_its_signature_is_noticed(case: Case) -> None:
    dice = random.Random(8)
    for name in ("MANIFEST.json", "MANIFEST.json.sig", "signer.pub"):
        for _ in range(40):
            data = bytearray(case.files[name])
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            assert code(case.made({**case.files, name: bytes(data)}), case.public) in (TAMPERED, INCOMPLETE)


def test_a_bundle_cut_anywhere_is_incomplete_and_never_valid(case: Case, tmp_path: Path) -> None:
    data = case.bundle.read_bytes()
    path = tmp_path / "cut.tar"
    for size in {0, 1, 511, 512, 600, len(data) - 1, len(data) - 512, *range(1000, len(data), 2311)}:
        path.write_bytes(data[:size])
        assert code(path, case.public) == INCOMPLETE, size
    path.write_bytes(data + b"\0")
    assert code(path, case.public) == TAMPERED
    path.write_bytes(data + data)
    assert code(path, case.public) == TAMPERED


def test_files_that_are_missing_extra_or_other(case: Case) -> None:
    for name in case.files:
        without = {key: data for key, data in case.files.items() if key != name}
        assert code(case.made(without), case.public) == INCOMPLETE, name
        assert code(case.made({**case.files, name: case.files[name] + b"\n"}), case.public) == TAMPERED, name
    for name in ("blobs/" + "0" * 64, "lanes/eve.0.0/0.lane", "fallback/ana.0.0/9.lane"):
        assert code(case.made({**case.files, name: b"x"}), case.public) == TAMPERED


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/passwd",
        "lanes/../../x/0.lane",
        "blobs/../x",
        "notes.txt",
        "lanes/ana.0.0/0.lane/",
        "",
        "blobs/" + "g" * 64,
    ],
)
def test_unsafe_names_are_refused(case: Case, name: str) -> None:
    assert code(case.made({**case.files, name: b"x"}), case.public) == TAMPERED


@pytest.mark.parametrize("type", [b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"g", b"x", b"L", b"S", b"\0"])
def test_links_devices_folders_and_extensions_are_refused(case: Case, tmp_path: Path, type: bytes) -> None:
    data = case.bundle.read_bytes()
    planted = bytearray(header("verify.py", 0))
    planted[156:157] = type
    planted[148:156] = b" " * 8
    planted[148:156] = b"%06o\0 " % sum(planted)
    path = tmp_path / "planted.tar"
    path.write_bytes(bytes(planted) + data)
    assert code(path, case.public) == TAMPERED
    path.write_bytes(data[:-1024] + bytes(planted) + b"\0" * 1024)
    assert code(path, case.public) == TAMPERED


def test_names_twice_out_of_order_and_sizes_without_bounds_are_refused(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "bad.tar"
    block = header("README.txt", 1) + b"x".ljust(512, b"\0")
    path.write_bytes(block + block + b"\0" * 1024)
    assert "comes twice" in told(path)
    path.write_bytes(header("verify.py", 0) + case.bundle.read_bytes())
    assert code(path, case.public) == TAMPERED
    path.write_bytes(header("README.txt", (1 << 33) - 1) + b"x")
    assert code(path) == INCOMPLETE
    path.write_bytes(b"")
    assert code(path) == INCOMPLETE


def test_an_archive_of_another_kind_is_no_bundle(tmp_path: Path) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(b"\x1f\x8b" + b"\0" * 600)
    assert code(path) == TAMPERED


# What whoever holds the key can do: the manifest fits and the signature is good.


def test_the_hand_that_tampers_can_also_leave_everything_as_it_is(case: Case) -> None:
    assert code(case.resigned(case.files), case.public) == UNANCHORED
    assert code(case.resigned(retold(case.files)), case.public) == UNANCHORED


def test_signed_by_another_it_is_not_from_whom_it_should_be(case: Case, tmp_path: Path) -> None:
    bundle = case.resigned(case.files, other_key(tmp_path))
    assert code(bundle, case.public) == TAMPERED
    assert code(bundle) == UNANCHORED
    assert "may have made everything" in told(bundle)


def test_a_frame_taken_out_breaks_the_chain(case: Case) -> None:
    lines = frames(case.files[lane(case, 0)])
    for number in range(1, len(lines) - 1):
        files = {**case.files, lane(case, 0): b"".join(lines[:number] + lines[number + 1 :])}
        assert code(case.resigned(retold(files)), case.public) == TAMPERED, number


def test_frames_that_change_places_or_come_twice_with_other_words(case: Case) -> None:
    lines = frames(case.files[lane(case, 0)])
    files = {**case.files, lane(case, 0): b"".join([*lines[:3], lines[4], lines[3], *lines[5:]])}
    assert code(case.resigned(retold(files)), case.public) == TAMPERED
    files = {**case.files, lane(case, 0): b"".join(lines[1:])}
    assert code(case.resigned(retold(files)), case.public) == TAMPERED
    files = {**case.files, lane(case, 0): b"".join([lines[0], *lines])}
    assert code(case.resigned(retold(files)), case.public) == TAMPERED


def test_a_lane_cut_short_is_named_by_the_other(case: Case) -> None:
    lines = frames(case.files[lane(case, 0)])
    for keep in range(1, len(lines)):
        files = {**case.files, lane(case, 0): b"".join(lines[:keep])}
        assert code(case.resigned(retold(files)), case.public) == INCOMPLETE, keep


def test_what_nobody_read_can_be_cut_unseen_unless_it_was_anchored(case: Case) -> None:
    lines = frames(case.files[lane(case, 1)])
    bundle = case.resigned(retold({**case.files, lane(case, 1): b"".join(lines[:-1])}))
    assert code(bundle, case.public) == UNANCHORED
    assert code(bundle, case.public, case.anchors(case.last(0), case.last(1))) == INCOMPLETE


def test_a_lane_left_out_is_named_by_the_other(case: Case) -> None:
    for number in (0, 1):
        files = {name: data for name, data in case.files.items() if name != lane(case, number)}
        assert code(case.resigned(retold(files)), case.public) == INCOMPLETE


def test_lanes_that_change_names(case: Case) -> None:
    one, two = lane(case, 0), lane(case, 1)
    files = {**case.files, one: case.files[two], two: case.files[one]}
    assert code(case.resigned(retold(files)), case.public) == TAMPERED


def test_a_lane_passed_off_as_anothers(case: Case) -> None:
    def change(manifest: Any) -> None:
        manifest["lanes"][case.lanes[0]]["owner"] = 4711

    assert code(case.resigned(case.files, change=change), case.public) == TAMPERED


@pytest.mark.parametrize("field", ["entries", "last_seq", "head", "key"])
def test_a_manifest_that_lies_about_a_lane(case: Case, field: str) -> None:
    def change(manifest: Any) -> None:
        lane = manifest["lanes"][case.lanes[0]]
        lane[field] = lane[field] - 1 if isinstance(lane[field], int) else "ab" * 32

    assert code(case.resigned(case.files, change=change), case.public) == TAMPERED


def test_another_incident_in_the_same_words(case: Case) -> None:
    def change(manifest: Any) -> None:
        manifest["incident"] = "INC-0002"

    assert code(case.resigned(case.files, change=change), case.public) == TAMPERED


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.clear(),
        lambda m: m.update(format="other"),
        lambda m: m.update(lanes=[]),
        lambda m: m["lanes"].update({"../x": {"files": []}}),
        lambda m: m.update(blobs=7),
        lambda m: m["files"].append({}),
        lambda m: m["files"].append(m["files"][0]),
        lambda m: m.update(damage=None),
        lambda m: m["files"][0].update(size="1"),
        lambda m: next(iter(m["lanes"].values())).update(files=[{"path": "signer.pub", "segment": 0}]),
    ],
)
def test_a_manifest_that_is_none(case: Case, change: Callable[[Any], None]) -> None:
    assert code(case.resigned(case.files, change=change), case.public) == TAMPERED


def test_a_manifest_that_is_no_json(case: Case) -> None:
    for data in (b"\xff", b"[" * 100_000, b'{"format": NaN}', b"null"):
        assert code(case.made({**case.files, "MANIFEST.json": data}), case.public) == TAMPERED


def test_what_could_not_be_read_when_it_was_exported_is_missing(case: Case) -> None:
    def change(manifest: Any) -> None:
        manifest["missing"].append({"path": "lanes/x.1.0/0.lane", "why": "Permission denied"})

    assert code(case.resigned(case.files, change=change), case.public) == INCOMPLETE


@pytest.mark.parametrize("name", ["entries.jsonl", "custody.jsonl"])
def test_lines_for_people_say_what_the_lanes_say(case: Case, name: str) -> None:
    lines = frames(case.files[name])
    for other in (
        [lines[0].replace(b"ana", b"eve"), *lines[1:]], lines[1:], lines[:-1], [*lines, lines[0]], lines[::-1],
        [lines[0].replace(b":", b": "), *lines[1:]], [],
    ):  # fmt: skip
        assert code(case.resigned({**case.files, name: b"".join(other)}), case.public) == TAMPERED


def test_a_history_written_anew_is_not_what_others_read(case: Case, tmp_path: Path) -> None:
    def lie(number: int, payload: bytes) -> bytes:
        return payload.replace(b"ana sees 2", b"ana saw  2")

    files = retold({**case.files, lane(case, 0): rechained(frames(case.files[lane(case, 0)]), lie)})
    assert b"ana saw  2" in files["entries.jsonl"]
    assert code(case.resigned(files), case.public) == TAMPERED
    assert "with another head" in told(case.resigned(files), case.public)


def test_the_last_words_written_anew_are_not_what_was_anchored(case: Case) -> None:
    def lie(number: int, payload: bytes) -> bytes:
        return payload.replace(b"ben has it", b"eve has it")

    bundle = case.resigned(retold({**case.files, lane(case, 1): rechained(frames(case.files[lane(case, 1)]), lie)}))
    assert code(bundle, case.public) == UNANCHORED
    assert code(bundle, case.public, case.anchors(case.last(1))) == TAMPERED


def test_blobs(case: Case) -> None:
    name = next(path for path in case.files if path.startswith("blobs/"))
    assert code(case.resigned({**case.files, name: b"other"}), case.public) == TAMPERED
    without = {path: data for path, data in case.files.items() if path != name}
    assert code(case.resigned(without), case.public) == INCOMPLETE
    unnamed = "blobs/" + sha256(b"x").hexdigest()
    assert code(case.resigned({**case.files, unnamed: b"x"}), case.public) == UNANCHORED
    assert "is named by no entry" in told(case.resigned({**case.files, unnamed: b"x"}), case.public)


def test_a_payload_blanked_without_a_word(case: Case) -> None:
    lines = frames(case.files[lane(case, 0)])
    files = {**case.files, lane(case, 0): b"".join([*lines[:2], blanked(lines[2]), *lines[3:]])}
    assert code(case.resigned(retold(files)), case.public) == TAMPERED
    assert "no entry of its owner says so" in told(case.resigned(retold(files)), case.public)


@pytest.mark.parametrize(("target", "expected"), [(2, UNANCHORED), (3, TAMPERED)])
def test_a_payload_blanked_by_right(tmp_path: Path, target: int, expected: int) -> None:
    name = case_in(tmp_path / "first").lanes[0]
    redacted = Draft(Kind.ENTRY_REDACTED, {"target": f"{name}:{target}", "basis": "a name", "approver": "lea"})
    case = case_in(tmp_path / "second", [redacted])
    lines = frames(case.files[lane(case, 0)])
    files = {**case.files, lane(case, 0): b"".join([*lines[:2], blanked(lines[2]), *lines[3:]])}
    assert code(case.resigned(retold(files)), case.public) == expected
    assert code(case.bundle, case.public) == UNANCHORED
    assert "stands here in full" in told(case.bundle, case.public)


def test_what_was_disposed_of_need_not_be_there(tmp_path: Path) -> None:
    case = case_in(tmp_path, [Draft(Kind.EVIDENCE_DISPOSED, {"item": "E1", "approver": "lea"})])
    files = {path: data for path, data in case.files.items() if not path.startswith("blobs/")}
    assert code(case.resigned(files), case.public) == UNANCHORED


def test_flaws_of_custody_are_told_and_are_no_tampering(tmp_path: Path) -> None:
    drafts = [
        Draft(Kind.EVIDENCE_TRANSFERRED, {"item": "E1", "released_by": "eve", "received_by": "lea"}),
        Draft(Kind.EVIDENCE_VERIFIED, {"item": "E1", "digest": "0" * 64}),
        Draft(Kind.EVIDENCE_DISPOSED, {"item": "E1"}),
    ]
    case = case_in(tmp_path, drafts)
    text = told(case.bundle, case.public)
    for words in ("released by eve, last received by ben", "tainted", "nobody's approval"):
        assert words in text
    assert code(case.bundle, case.public) == UNANCHORED


def test_anchors_that_the_journal_tells_of_must_fit_it(tmp_path: Path) -> None:
    first = case_in(tmp_path / "first")
    heads = {first.lanes[1]: [1, "ab" * 32]}
    made = Draft(Kind.ANCHOR_MADE, {"heads": heads, "sink": "syslog", "text": ""})
    assert code(case_in(tmp_path / "second", [made]).bundle) == TAMPERED
    made = Draft(Kind.ANCHOR_MADE, {"heads": {"gone.0.0": [1, "ab" * 32]}, "sink": "syslog", "text": ""})
    assert code(case_in(tmp_path / "third", [made]).bundle) == INCOMPLETE


OPS = st.lists(
    st.tuples(st.sampled_from(["flip", "drop", "double", "swap", "cut"]), st.integers(0, 10**6), st.integers(0, 7)),
    max_size=3,
)


@given(ops=OPS, which=st.integers(0, 1))
@settings(max_examples=60, deadline=None)
def test_the_verifier_and_the_console_judge_alike(
    case: Case, tmp_path_factory: pytest.TempPathFactory, ops: list[tuple[str, int, int]], which: int
) -> None:
    lines = frames(case.files[lane(case, which)])
    for what, place, bit in ops:
        at = place % len(lines)
        if what == "flip" and bit < 7:
            data = bytearray(lines[at])
            data[place % len(data)] ^= 1 << bit
            lines[at] = bytes(data)
        elif what in ("drop", "cut") and len(lines) > 1:
            lines[at:] = lines[at + 1 :] if what == "drop" else lines[at : at + 1]
        elif what == "double":
            lines.insert(at, lines[at])
        elif what == "swap":
            lines[at], lines[at - 1] = lines[at - 1], lines[at]
    files = {**case.files, lane(case, which): b"".join(lines)}
    folder = tmp_path_factory.mktemp("same")
    folder.chmod(0o700)
    for number in (0, 1):
        path = folder / f"{case.lanes[number]}.lane"
        path.write_bytes(files[lane(case, number)])
        path.chmod(0o600)
    said = code(case.resigned(retold(files)), case.public)
    seen = check(folder, "INC-0001")
    torn = any(one.torn for one in seen.lanes)
    assert (said == UNANCHORED) == (seen.sound and not torn), told(case.root / "tampered.tar")


# As a program.


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "verify.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_it_runs_alone_in_an_empty_folder(case: Case, tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(case.files["verify.py"])
    shutil.copy(case.bundle, tmp_path / "b.tar")
    done = run(tmp_path, "b.tar", "--key", case.key.line)
    assert (done.returncode, done.stderr) == (UNANCHORED, "")
    assert "signed by the key given" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("INC-0001: valid, but not anchored")
    done = run(tmp_path, "b.tar", "--key", case.public, "--anchors", case.anchors(case.last(1)), "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["exit"], said["incident"]) == (VALID, 0, "INC-0001")
    assert said["counts"]["entries"] == len(case.entries)
    assert said["signer"] == case.key.fingerprint
    for wrong in (
        [],
        ["b.tar", "--kez", "x"],
        ["none.tar"],
        ["b.tar", "--key", "nonsense"],
        ["b.tar", "--anchors", "none"],
        ["."],
    ):
        done = run(tmp_path, *wrong)
        assert done.returncode == 64, wrong
        assert "Traceback" not in done.stderr
    assert run(tmp_path, "--help").returncode == 0


def test_without_ssh_keygen_it_says_what_it_could_not_check(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert code(case.bundle, case.public) == INCOMPLETE
    assert "ssh-keygen is not there" in told(case.bundle, case.public)


def test_it_is_written_for_python_3_8_and_knows_nothing_of_the_console() -> None:
    source = Path(proof.__file__).read_text()
    tree = ast.parse(source, feature_version=(3, 8))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in names if name.split(".")[0] not in sys.stdlib_module_names]


def test_hostile_names_reach_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(tarred({"\x1b]0;x\x07": b"x"}))
    assert "\x1b" not in told(path)
    assert proof.harmless("a\u202eb\x9b\n") == "a\\u202eb\\u009b\\u000a"


def test_what_is_wrong_a_million_times_is_not_told_a_million_times(case: Case) -> None:
    files = {**case.files, lane(case, 0): frames(case.files[lane(case, 0)])[0] + b"x\n" * 5000}
    report = proof.verify(case.resigned(files), case.public)[0]
    report.more()
    assert report.code == TAMPERED
    assert len(report.lines) < 200
    assert any("more of the kind" in line.text for line in report.lines)


@given(st.integers(0, proof.END_OF_TIME - 1))
def test_moments_are_what_the_calendar_says(ms: int) -> None:
    expected = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")
    assert proof.moment(ms) == expected.replace("+00:00", "Z")


def test_the_verifier_and_the_export_agree_on_headers() -> None:
    for name, size in (("README.txt", 0), ("blobs/" + "a" * 64, 123_456), (f"lanes/{'h' * 80}.1000.0/999999.lane", 1)):
        assert header(name, size) == proof.header_of(name, size)
    assert untarred(tarred({"a": b"1"})) == {"a": b"1"}
