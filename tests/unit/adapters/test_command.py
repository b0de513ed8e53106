from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.adapters import command_child
from console.adapters.command import ProcessRunner
from console.adapters.command_output import KEPT_BYTES, LINE_BYTES, CommandOutput
from console.ports import CommandResult

T = TypeVar("T")


def run(*argv: str, runner: ProcessRunner | None = None, timeout_s: float = 10.0, **more: Any) -> CommandResult:
    async def body() -> CommandResult:
        return await (runner or ProcessRunner()).run(argv, env=more.pop("env", {}), timeout_s=timeout_s, **more)

    return asyncio.run(body())


def script(text: str, **more: Any) -> CommandResult:
    return run("/bin/sh", "-c", text, **more)


def on_thread(work: Callable[[], Awaitable[T]]) -> T:
    """The result of a coroutine on a loop of a thread of its own, as the engine has it."""
    out: list[T] = []
    thread = threading.Thread(target=lambda: out.append(asyncio.run(work())))  # type: ignore[arg-type]
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    return out[0]


def gone(pid: int, within_s: float = 2.0) -> bool:
    """Whether a process has ended; a zombie has."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        process = command_child.stat(pid)
        if process is None or process.zombie:
            return True
        time.sleep(0.01)
    return False


def test_output_of_both_streams_exit_code_and_digest():
    result = script("echo one; echo two >&2; printf three; exit 3")
    assert (result.exit, result.output, result.dropped, result.timed_out, result.error) == (
        3, ("one", "two", "three"), 0, False, "",
    )  # fmt: skip
    assert result.digest == hashlib.sha256(b"one\ntwo\nthree").hexdigest()


def test_arguments_are_never_read_by_a_shell():
    hostile = ["$(touch /tmp/never)", "a b", "'\"`id`", "; echo x", "*", "-n", ""]
    assert run("printf", "%s\\n", *hostile).output == tuple(hostile)


def test_input_longer_than_a_pipe_is_read_whole():
    data = b"x" * 300_000
    assert run("wc", "-c", stdin=data).output == ("300000",)
    assert run("cat", stdin=data).digest == hashlib.sha256(data).hexdigest()


def test_without_input_there_is_none_to_wait_for():
    assert run("cat", timeout_s=5).exit == 0


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["no-such-program-here"], "is not installed here"),
        (["/etc/passwd"], "may not be executed"),
        (["/etc"], "is a folder"),
        (["/no/such/file"], "there is no file"),
        ([], "no command"),
        ([""], "no command"),
        (["echo", "a\0b"], "null byte"),
        (["echo", "\ud800"], "cannot be passed on"),
        (["echo", "x" * 3_000_000], "too long"),
    ],
)
def test_what_cannot_be_started_is_told(argv: list[str], words: str):
    result = run(*argv)
    assert result.exit is None
    assert not result.timed_out
    assert words in result.error


def test_a_program_of_another_machine_is_told(tmp_path: Path):
    odd = tmp_path / "odd"
    odd.write_bytes(b"\x7fELF garbage")
    odd.chmod(0o755)
    assert "Exec format error" in run(str(odd)).error


def test_a_signal_shows_in_the_exit_code():
    assert script("kill -SEGV $$").exit == 128 + signal.SIGSEGV


def test_the_time_out_ends_the_whole_group_grandchildren_that_ignore_sigterm_included(tmp_path: Path):
    pids, loop = tmp_path / "pids", "while :; do sleep 1; done"
    text = f"""
    trap '' TERM
    (trap '' TERM; echo $$ >> {pids}; sh -c 'trap "" TERM; echo $$ >> {pids}; {loop}' > /dev/null 2>&1) &
    echo $$ >> {pids}
    echo begun
    while :; do sleep 1; done
    """
    begin = time.monotonic()
    result = script(text, runner=ProcessRunner(grace_s=0.3), timeout_s=0.4)
    assert time.monotonic() - begin < 3
    assert (result.exit, result.timed_out, result.output) == (None, True, ("begun",))
    started = {int(line) for line in pids.read_text().split()}
    assert len(started) >= 2
    assert all(gone(pid) for pid in started)


def test_a_child_that_left_the_group_is_ended_with_it(tmp_path: Path):
    pid = tmp_path / "pid"
    text = f"setsid sh -c 'echo $$ > {pid}; trap \"\" TERM; while :; do sleep 1; done' & wait"
    assert script(text, runner=ProcessRunner(grace_s=0.2), timeout_s=0.5).timed_out
    assert gone(int(pid.read_text()))


def test_a_group_that_obeys_is_not_waited_for(tmp_path: Path):
    begin = time.monotonic()
    result = script("sleep 60 & exec sleep 60", timeout_s=0.2)
    assert result.timed_out
    assert time.monotonic() - begin < 1.5


def test_what_a_command_does_at_sigterm_is_still_read():
    result = script("trap 'echo tidied; exit 0' TERM; sleep 60 & wait", timeout_s=0.2)
    assert (result.exit, result.timed_out, result.output) == (None, True, ("tidied",))


def test_a_pipe_held_by_a_grandchild_does_not_hold_the_result():
    begin = time.monotonic()
    result = script("sleep 5 & echo done", runner=ProcessRunner(drain_s=0.2))
    assert (result.exit, result.output) == (0, ("done",))
    assert time.monotonic() - begin < 2


def test_stopped_by_its_key():
    async def body() -> tuple[CommandResult, bool, bool]:
        runner = ProcessRunner()
        begun = asyncio.Event()
        task = asyncio.create_task(
            runner.run(["sh", "-c", "echo on; exec sleep 60"], env={}, timeout_s=30, key="op-1",
                       on_output=lambda _: begun.set())
        )  # fmt: skip
        await begun.wait()
        other, own = runner.stop("op-2"), runner.stop("op-1")
        return await task, other, own

    result, other, own = asyncio.run(body())
    assert (other, own) == (False, True)
    assert (result.exit, result.timed_out, result.error, result.output) == (None, False, "it was stopped", ("on",))


def test_a_key_is_free_again_after_its_command():
    async def body() -> bool:
        runner = ProcessRunner()
        await runner.run(["true"], env={}, timeout_s=5, key="op-1")
        return runner.stop("op-1")

    assert asyncio.run(body()) is False


def test_cancelling_the_waiter_lets_the_command_go_on(tmp_path: Path):
    mark = tmp_path / "mark"

    async def body() -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(
            ProcessRunner().run(["sh", "-c", f"echo on; sleep 0.3; echo $$; touch {mark}"], env={}, timeout_s=30,
                                on_output=lambda _: begun.set())
        )  # fmt: skip
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(200):
            if mark.exists():
                return
            await asyncio.sleep(0.02)

    asyncio.run(body())
    assert mark.exists()


def test_twenty_at_once_on_a_loop_of_another_thread():
    async def body() -> list[CommandResult]:
        runner = ProcessRunner()
        argvs = [["sh", "-c", f"sleep 0.1; seq {n} {n + 2000}; exit {n}"] for n in range(20)]
        return list(await asyncio.gather(*(runner.run(a, env={}, timeout_s=20) for a in argvs)))

    results = on_thread(body)
    assert [r.exit for r in results] == list(range(20))
    assert [(r.output[-1], len(r.output), r.dropped) for r in results] == [
        (str(n + 2000), 200, 1801) for n in range(20)
    ]


def test_time_out_on_a_loop_of_another_thread():
    async def body() -> CommandResult:
        return await ProcessRunner().run(["sleep", "60"], env={}, timeout_s=0.1)

    assert on_thread(body).timed_out


def test_a_hundred_megabytes_take_bounded_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = script("yes 'a line that comes again and again' | head -c 100000000", timeout_s=60)
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert result.exit == 0
    assert len(result.output) == 200
    assert result.dropped > 2_000_000
    assert grown_kb < 20_000


def test_one_endless_line_and_raw_bytes_are_bounded_and_clean():
    result = script("head -c 5000000 /dev/zero; echo; head -c 3000000 /dev/urandom", timeout_s=60)
    assert all(len(line) <= LINE_BYTES * 6 for line in result.output)
    assert all(line.isprintable() or not any(ord(c) < 32 or ord(c) == 127 for c in line) for line in result.output)
    assert sum(map(len, result.output)) <= KEPT_BYTES * 6


def test_nothing_that_a_terminal_would_obey_comes_through():
    result = run("printf", r"\033]0;owned\007\033[2J\302\233\342\200\256txt\rhidden\tend\n")
    assert len(result.output) == 2
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c == "\u202e" for line in result.output for c in line)
    assert result.output[1] == "hidden    end"


def test_progress_bars_are_lines_and_windows_ends_are_one():
    assert run("printf", r"10%%\r50%%\r100%%\r\nnext\r\n").output == ("10%", "50%", "100%", "next")


def test_the_environment_is_a_short_list_and_what_is_given():
    own = {
        "PATH": os.environ["PATH"], "HOME": "/home/ana", "LC_ALL": "C.UTF-8", "KUBECONFIG": "/k", "AWS_PROFILE": "prod",
        "AWS_SECRET_ACCESS_KEY": "s3cret", "WARROOM_TOKEN": "s3cret", "LD_PRELOAD": "/evil.so",
        "https_proxy": "http://proxy:3128", "HTTP_PROXY": "http://user:s3cret@proxy:3128",
    }  # fmt: skip
    result = run("env", runner=ProcessRunner(environ=own), env={"GIVEN": "yes", "HOME": "/other"})
    names = dict(line.split("=", 1) for line in result.output)
    assert names == {
        "PATH": own["PATH"], "HOME": "/other", "LC_ALL": "C.UTF-8", "KUBECONFIG": "/k", "AWS_PROFILE": "prod",
        "https_proxy": "http://proxy:3128", "TERM": "dumb", "GIVEN": "yes",
    }  # fmt: skip


def test_the_program_is_looked_for_in_the_path_of_the_child(tmp_path: Path):
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\necho found\n")
    tool.chmod(0o755)
    assert run("tool", env={"PATH": f"{tmp_path}:/usr/bin:/bin"}).output == ("found",)


def test_signals_are_as_a_program_expects_them_whatever_the_console_does():
    code = """
import asyncio, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
from console.adapters.command import ProcessRunner
told = "print(n, signal.getsignal(getattr(signal, 'SIG' + n)) is signal.SIG_IGN)"
mask = "print(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))"
inner = "import signal\\nfor n in ('INT', 'HUP', 'PIPE', 'TERM'): " + told + "\\n" + mask
argv = [sys.executable, "-c", inner]
print(*asyncio.run(ProcessRunner().run(argv, env={}, timeout_s=10)).output, sep="\\n")
"""
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        cwd=Path(__file__).parents[3],
    ).stdout.splitlines()
    # Python itself ignores SIGPIPE in every process that it runs.
    assert told == ["INT False", "HUP False", "PIPE True", "TERM False", "[]"]


def test_a_child_dies_of_sigpipe_as_in_a_shell():
    assert script("yes | head -n 1; echo ${PIPESTATUS:-}").output[0] == "y"
    assert run("bash", "-c", "yes | head -n 1 > /dev/null; echo ${PIPESTATUS[0]}").output == ("141",)


def test_a_command_has_a_session_of_its_own_and_no_terminal():
    result = script("ps -o pgid=,sid=,tty= -p $$; echo $$")
    group, session, tty, pid = " ".join(result.output).split()
    assert group == session == pid
    assert tty == "?"


def test_descriptors_of_the_console_stay_here(tmp_path: Path):
    with (tmp_path / "kept").open("w"):
        result = script("ls -l /proc/$$/fd")
    assert "kept" not in " ".join(result.output)


@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=5), most=st.integers(1, 6))
@settings(max_examples=300, deadline=None)
def test_lines_do_not_depend_on_how_the_bytes_were_cut(data: bytes, cuts: list[int], most: int):
    whole, parts = CommandOutput(most), CommandOutput(most)
    whole.feed(data)
    edges = [0, *sorted(min(c, len(data)) for c in cuts), len(data)]
    for begin, end in pairwise(edges):
        parts.feed(data[begin:end])
    whole.end()
    parts.end()
    expected = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    assert parts.lines == whole.lines
    assert parts.dropped == whole.dropped == max(0, len(expected) - most)
    assert len(whole.lines) == min(most, len(expected))
    assert parts.digest == hashlib.sha256(data).hexdigest()


def test_a_listener_hears_the_end_of_a_flood():
    heard: list[str] = []
    output = CommandOutput(10, heard.append)
    output.feed(b"".join(b"%d\n" % n for n in range(10_000)))
    output.feed(b"last")
    output.end()
    assert heard[-2:] == ["9999", "last"]
    assert len(heard) <= 51
