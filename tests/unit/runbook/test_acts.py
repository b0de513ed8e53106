from __future__ import annotations

import asyncio

import pytest

from console.adapters.command import ProcessRunner
from console.desk.policy import Policy
from console.model.action import OperationState, Tier
from console.model.entry import Actor, Draft, Kind
from console.model.runbook import StepState
from console.runbook.load import parse
from console.runbook.shelf import Shelf
from console.secret import Secret
from tests.unit.desk.fakes import INC
from tests.unit.runbook.made import BOOK, Room, result, running


def test_a_run_is_fixed_in_the_journal_with_its_values():
    async def body() -> None:
        room = Room()
        reply = await room.start()
        assert reply.ok, reply
        run = room.the_run
        assert (run.title, run.params, len(run.steps)) == ("Roll back", {"mount": "/var", "size": "2G"}, 6)
        assert room.step("shrink").step.argv == ("shrinker", "--to", "2G", "--", "/var")
        assert room.step("shrink").step.title == "shrink /var"
        assert room.step("look").shows == "df --output=pcent -- /var"
        [started] = room.world.bodies(Kind.RUNBOOK_STARTED)
        assert (started["version"], len(str(started["digest"]))) == ("3", 64)
        assert room.runner.calls == []

    running(body)


@pytest.mark.parametrize(
    ("args", "text", "next"),
    [
        ({"runbook": "roll-bak", "params": {"size": "1"}}, "no runbook 'roll-bak'", "roll-back"),
        ({"runbook": "roll-back"}, "needs size", "size="),
        ({"runbook": "roll-back", "params": {"sise": "1"}}, "no parameter 'sise'", "size"),
        ({"runbook": "roll-back", "params": {"size": "--all"}}, "begins with '-'", ""),
        ({"runbook": "roll-back", "params": {"size": "x" * 3000}}, "too long", ""),
    ],
)
def test_a_start_that_cannot_be_is_refused_with_a_hint(args: dict[str, object], text: str, next: str):
    async def body() -> None:
        room = Room()
        await room.declare()
        reply = await room.ask("runbook.start", preview=True, **args)
        assert not reply.ok
        assert text in reply.text
        assert next in reply.next
        assert room.incident.runs == ()

    running(body)


def test_parameters_that_the_incident_knows_need_not_be_given():
    async def body() -> None:
        book = BOOK.replace('size: ""', 'service: ""\n  incident: ""\n  operator: ""').replace(
            "{size}", "{service}{incident}{operator}"
        )
        room = Room(book)
        await room.declare()
        assert (await room.do("runbook.start", runbook="roll-back")).ok
        assert room.the_run.params == {"mount": "/var", "service": "orders", "incident": INC, "operator": "ana"}

    running(body)


def test_of_several_services_the_one_in_which_it_began_is_known():
    async def body() -> None:
        book = BOOK.replace('size: ""', 'service: ""').replace("{size}", "{service}")
        for root, started in (("orders-db", True), ("", False)):
            room = Room(book)
            body: dict[str, object] = {
                "title": "t", "severity": 2, "services": ["checkout", "orders-db"], "started_at": 1, "root": root,
            }  # fmt: skip
            await room.desk.record(INC, [Draft(Kind.INCIDENT_DECLARED, body, Actor("ana"))])
            reply = await room.do("runbook.start", runbook="roll-back")
            assert reply.ok is started
            assert "needs service" in reply.text or room.the_run.params["service"] == "orders-db"

    running(body)


def test_a_check_runs_without_a_question_and_is_judged():
    async def body() -> None:
        room = Room()
        await room.start()
        room.runner.answers["df"] = result(0, "Use%", " 72%")
        reply = await room.ask("step.run")
        assert reply.ok, reply
        assert "72 % <= 80 %" in reply.text
        view = room.step("look")
        assert (view.state, view.result, view.output) == (StepState.DONE, "72 % <= 80 %", ("Use%", " 72%"))
        operation = room.incident.operations[view.operation_id]
        assert (operation.state, operation.intent.tier, operation.intent.call) == (
            OperationState.SENT, Tier.R0, "df --output=pcent -- /var",
        )  # fmt: skip
        assert room.world.kinds()[-5:] == [
            "step.started", "action.intended", "action.sending", "action.sent", "step.done",
        ]  # fmt: skip
        [done] = room.world.bodies(Kind.STEP_DONE)
        assert (done["exit"], done["digest"], done["operation"]) == (0, "d1", view.operation_id)

    running(body)


def test_a_check_that_does_not_pass_can_be_run_again():
    async def body() -> None:
        room = Room()
        await room.start()
        room.runner.answers["df"] = [result(0, "91%"), result(0, "60%")]
        first, second = await room.ask("step.run"), await room.ask("step.run")
        assert (first.ok, second.ok) == (False, True)
        assert "91 % > 80 %" in first.text
        assert room.step("look").state is StepState.DONE
        assert room.the_run.current == 1

    running(body)


def test_a_manual_step_is_done_when_somebody_says_so():
    async def body() -> None:
        room = Room()
        await room.start()
        room.runner.answers["df"] = result(0, "70%")
        await room.ask("step.run")
        reply = await room.do("step.run", result="told orders and  billing")
        assert reply.ok
        assert (room.step("tell").state, room.step("tell").result) == (StepState.DONE, "told orders and billing")
        again = await room.ask("step.run", step="tell")
        assert "done already" in again.text
        assert [argv[0] for argv, _ in room.runner.calls] == ["df"]

    running(body)


def test_a_command_is_shown_exactly_and_not_run_unconfirmed():
    async def body() -> None:
        room = Room()
        await room.start()
        asked = await room.ask("step.run", step="shrink", reason="no time")
        assert not asked.ok
        preview = asked.preview
        assert preview is not None
        assert (preview.tier, preview.call, preview.target, preview.environment, preview.undo) == (
            Tier.R2, "shrinker --to 2G -- /var", "roll-back/shrink", "bastion-1", "shrinker --grow -- /var",
        )  # fmt: skip
        assert room.runner.calls == []
        done = await room.ask("step.run", step="shrink", reason="no time", digest=preview.digest)
        assert done.ok
        assert room.runner.calls == [(("shrinker", "--to", "2G", "--", "/var"), {})]
        assert done.undo is not None
        assert (done.undo.action, done.undo.args["step"]) == ("step.undo", "shrink")

    running(body)


def test_what_cannot_be_undone_offers_no_way_back():
    async def body() -> None:
        room = Room()
        await room.start()
        asked = await room.ask("step.run", step="gone", preview=True)
        assert asked.preview is not None
        assert (asked.preview.tier, asked.preview.undo) == (Tier.R3, "")
        reply = await room.do("step.run", step="gone")
        assert reply.ok
        assert reply.undo is None
        assert "has no command that takes it back" in (await room.ask("step.undo", step="gone", preview=True)).text

    running(body)


def test_out_of_order_is_asked_about_or_explained_and_written_down():
    async def body() -> None:
        room = Room()
        await room.start()
        asked = await room.ask("step.run", step="soft")
        assert not asked.ok
        assert asked.preview is not None
        assert asked.preview.tier is Tier.R2
        assert "step 1 how full is not done yet and 2 more" in asked.preview.warning
        reply = await room.ask("step.run", step="soft", reason="the disk is full in a minute")
        assert reply.ok
        [note] = room.world.bodies(Kind.NOTE_ADDED)
        assert "step 4 soft reset although step 1 how full is not done yet" in str(note["text"])
        assert "the disk is full in a minute" in str(note["text"])

    running(body)


def test_undo_of_the_last_action_runs_the_way_back():
    async def body() -> None:
        room = Room()
        await room.start()
        await room.do("step.run", step="shrink")
        preview = (await room.ask("desk.undo", preview=True)).preview
        assert preview is not None
        assert (preview.tier, preview.call) == (Tier.R2, "shrinker --grow -- /var")
        reply = await room.ask("desk.undo", digest=preview.digest)
        assert reply.ok, reply
        assert room.runner.calls[-1][0] == ("shrinker", "--grow", "--", "/var")
        view = room.step("shrink")
        assert view.state is StepState.UNDONE
        assert room.incident.operations[view.operation_id].undone_by
        assert not (await room.ask("desk.undo")).ok

    running(body)


def test_a_way_back_that_fails_leaves_the_step_done():
    async def body() -> None:
        room = Room()
        await room.start()
        await room.do("step.run", step="shrink")
        room.runner.answers["shrinker"] = result(4, "busy")
        reply = await room.do("step.undo", step="shrink")
        assert not reply.ok
        assert "busy (exit 4)" in reply.text
        assert room.step("shrink").state is StepState.DONE

    running(body)


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (result(1, "no such volume"), OperationState.FAILED, "no such volume (exit 1)"),
        (result(None, error="shrinker is not installed here"), OperationState.FAILED, "not installed"),
        (result(None, timed_out=True, took_ms=20_000), OperationState.UNKNOWN, "no end within 20 s"),
        (result(137), OperationState.UNKNOWN, "exit 137"),
        (result(255, "Connection reset"), OperationState.UNKNOWN, "exit 255"),
    ],
)
def test_how_a_command_can_fail(answer, state: OperationState, words: str):
    async def body() -> None:
        room = Room()
        await room.start()
        room.runner.answers["shrinker"] = answer
        reply = await room.do("step.run", step="shrink", reason="now")
        assert not reply.ok
        assert words in reply.text
        view = room.step("shrink")
        assert (view.state, room.incident.operations[view.operation_id].state) == (StepState.FAILED, state)
        assert reply.undo is None

    running(body)


def test_after_an_unknown_outcome_only_an_idempotent_step_runs_again_unasked():
    async def body() -> None:
        room = Room()
        await room.start()
        lost = result(None, timed_out=True)
        for name, program in (("shrink", "shrinker"), ("soft", "soft")):
            room.runner.answers[program] = lost
            await room.do("step.run", step=name, reason="now")
            room.runner.answers[program] = result(0)
        soft = await room.ask("step.run", step="soft", reason="now")
        assert soft.ok
        asked = await room.ask("step.run", step="shrink", preview=True)
        assert asked.preview is not None
        assert "nobody can say whether it took effect" in asked.preview.warning
        assert (await room.do("step.run", step="shrink", reason="looked: it is 4G")).ok

    running(body)


def test_a_check_that_ran_out_of_time_needs_nobody_to_look():
    async def body() -> None:
        room = Room()
        await room.start()
        room.runner.answers["df"] = result(None, timed_out=True)
        assert not (await room.ask("step.run")).ok
        assert room.incident.unknown == ()

    running(body)


def test_a_check_is_repeated_until_it_passes():
    async def body() -> None:
        room = Room()
        await room.start()
        room.runner.answers["df"] = [result(0, "91%"), result(0, "88%"), result(0, "79%")]
        reply = await room.ask("step.run", step="verify")
        assert reply.ok
        assert "79 % <= 80 %" in reply.text
        assert room.slept == [3.0, 3.0]
        assert room.step("verify").took_ms == 6000

    running(body)


def test_a_check_is_not_repeated_for_ever():
    async def body() -> None:
        room = Room()
        await room.start()
        room.runner.answers["df"] = result(0, "91%")
        reply = await room.ask("step.run", step="verify")
        assert not reply.ok
        assert "91 % > 80 %, for 1 m 00" in reply.text
        assert len(room.runner.calls) == 21

    running(body)


def test_a_running_step_shows_its_output_and_can_be_stopped():
    async def body() -> None:
        room = Room()
        await room.start()
        room.desk.redact.learn(Secret("hunter2hunter2"))
        room.runner.gate = asyncio.Event()
        room.runner.writes = ("working", "key hunter2hunter2")
        task = asyncio.create_task(room.do("step.run", step="shrink"))
        await room.runner.begun.wait()
        view = room.step("shrink")
        assert view.state is StepState.RUNNING
        assert room.live.live(view.operation_id) == ("working", "key [redacted]")
        again = await room.ask("step.run", step="shrink", preview=True)
        assert "is running" in again.text
        stopped = await room.do("step.stop", "ben")
        assert stopped.ok, stopped
        reply = await task
        assert not reply.ok
        assert "it was stopped" in reply.text
        view = room.step("shrink")
        assert (view.state, view.result) == (StepState.FAILED, "it was stopped")
        assert room.incident.operations[view.operation_id].state is OperationState.UNKNOWN
        assert room.live.live(view.operation_id) == ()
        assert room.live.outputs == {}
        assert {"text": "stopped step 3 shrink /var"} in room.world.bodies(Kind.NOTE_ADDED)

    running(body)


def test_a_key_that_is_pressed_twice_runs_a_step_once():
    async def body() -> None:
        room = Room()
        await room.start()
        room.runner.answers["df"] = result(0, "70%")
        replies = await asyncio.gather(*(room.ask("step.run", step="look") for _ in range(3)))
        assert sorted(reply.ok for reply in replies) == [False, False, True]
        assert {reply.text for reply in replies if not reply.ok} == {"step 1 how full is under way already"}
        assert len(room.runner.calls) == 1

    running(body)


def test_a_repeated_check_is_stopped_between_two_looks():
    async def body() -> None:
        room = Room()
        await room.start()
        room.runner.answers["df"] = result(0, "91%")
        asleep = asyncio.Event()

        async def sleep(_: float) -> None:
            asleep.set()
            await asyncio.Event().wait()

        room.registry["step.run"]._carrier._sleep = sleep  # type: ignore[attr-defined]
        task = asyncio.create_task(room.ask("step.run", step="verify"))
        await asleep.wait()
        assert (await room.do("step.stop")).ok
        assert not (await task).ok
        assert room.step("verify").state is StepState.FAILED

    running(body)


def test_a_step_that_runs_in_another_console_is_not_stopped_here():
    async def body() -> None:
        room = Room()
        await room.start()
        other = Room(lane="other.1000.0", world=room.world)
        room.runner.gate = asyncio.Event()
        task = asyncio.create_task(room.do("step.run", step="shrink"))
        await room.runner.begun.wait()
        reply = await other.ask("step.stop", "ben", preview=True)
        assert not reply.ok
        assert "does not run in this console" in reply.text
        assert "ana" in reply.next
        room.runner.gate.set()
        assert (await task).ok

    running(body)


def test_skipping_needs_a_reason_and_a_step_that_is_open():
    async def body() -> None:
        room = Room()
        await room.start()
        assert not (await room.ask("step.skip")).ok
        assert (await room.ask("step.skip", reason="known from the alert")).ok
        assert (room.step("look").state, room.step("look").result) == (StepState.SKIPPED, "known from the alert")
        assert "is skipped" in (await room.ask("step.skip", step="look", reason="again")).text
        assert room.the_run.current == 1

    running(body)


def test_read_only_and_strict_roles_are_refused_before_anything_is_written():
    async def body() -> None:
        room = Room()
        await room.start()
        before = len(room.world.entries[INC])
        watching = Room(world=room.world, policy=Policy(read_only=True))
        for id, args in (
            ("step.run", {}),
            ("step.skip", {"reason": "x"}),
            ("runbook.start", {"runbook": "roll-back", "params": {"size": "1"}}),
        ):
            reply = await watching.ask(id, **args)
            assert not reply.ok
            assert "read-only" in reply.text
        assert len(room.world.entries[INC]) == before
        assert watching.runner.calls == []

    running(body)


def test_a_journal_that_cannot_be_written_runs_nothing():
    async def body() -> None:
        room = Room()
        await room.start()
        room.ledger.broken = {Kind.ACTION_INTENDED}
        reply = await room.ask("step.run")
        assert not reply.ok
        assert "no space left" in reply.text
        assert room.runner.calls == []
        assert room.step("look").state is StepState.FAILED

    running(body)


def test_names_that_are_wrong_are_told_with_what_there_is():
    async def body() -> None:
        room = Room()
        await room.declare()
        assert "no runbook runs" in (await room.ask("step.run", preview=True)).text
        await room.do("runbook.start", runbook="roll-back", params={"size": "1"})
        wrong = await room.ask("step.run", step="shrnk", preview=True)
        assert (wrong.ok, "shrink" in wrong.next) == (False, True)
        assert "has no run" in (await room.ask("step.run", run="run-9", preview=True)).text
        assert (await room.ask("step.run", step="3", preview=True)).preview is not None

    running(body)


def test_a_secret_is_given_to_the_child_and_to_nobody_else():
    book = BOOK.replace(
        'argv: [df, --output=pcent, --, "{mount}"], expect: {max: 80}}',
        'argv: [df, "{mount}"], env: {PGPASSWORD: "env:DB_PASSWORD", PGUSER: ana}}', 1,
    )  # fmt: skip

    async def body() -> None:
        room = Room(book)
        room.secrets["env:DB_PASSWORD"] = "correct horse"
        await room.start()
        reply = await room.ask("step.run")
        assert reply.ok, reply
        assert room.runner.calls[0][1] == {"PGPASSWORD": "correct horse", "PGUSER": "ana"}
        assert "correct horse" not in str(room.world.entries)

    running(body)


def test_what_the_journal_left_out_is_never_guessed():
    book = BOOK.replace('argv: [df, --output=pcent, --, "{mount}"], expect: {max: 80}}',
                        'argv: [df], env: {PGPASSWORD: "env:DB_PASSWORD"}}', 1)  # fmt: skip

    async def body() -> None:
        room = Room(book)
        await room.start()
        changed = Room(world=room.world, shelf=Shelf([parse(book.replace("how full", "how empty").encode())]))
        reply = await changed.ask("step.run", step="look")
        assert not reply.ok
        assert "its file has changed since" in reply.text
        assert changed.runner.calls == []

    running(body)


def test_a_run_goes_on_as_it_began_when_its_file_changes():
    async def body() -> None:
        room = Room()
        await room.start()
        changed = Room(BOOK.replace("shrinker", "eraser"), world=room.world)
        reply = await changed.do("step.run", step="shrink")
        assert reply.ok
        assert changed.runner.calls[0][0][0] == "shrinker"

    running(body)


def test_output_is_kept_short_and_without_secrets():
    async def body() -> None:
        room = Room()
        await room.start()
        key = ["-----BEGIN RSA PRIVATE KEY-----", *["QUJD" * 16] * 60, "-----END RSA PRIVATE KEY-----"]
        room.runner.answers["df"] = result(0, "70%", *key, "x" * 9000, *[f"line {n}" for n in range(30)])
        assert (await room.ask("step.run")).ok
        kept = room.step("look").output
        assert len(kept) <= 40
        assert max(map(len, kept)) == 500
        assert not any("QUJD" in line for line in kept)

    running(body)


def test_with_real_processes_from_start_to_undo(tmp_path):
    mark = tmp_path / "mark"
    book = f"""
id: roll-back
title: Real
version: "1"
params: {{size: "", mount: "{tmp_path}"}}
steps:
  - id: make
    type: command
    title: make
    risk: R1
    shell: true
    argv: "echo made {{size}} > {mark}; cat {mark}"
    undo: "rm -- {mark}"
  - {{id: see, type: check, title: see, argv: [cat, "{{mount}}/mark"], expect: {{matches: "^made .a b"}}}}
"""

    async def body() -> None:
        room = Room(book, runner=ProcessRunner())
        assert (await room.start(size="'a b; $HOME"[:5])).ok
        assert (await room.ask("step.run")).ok
        reply = await room.ask("step.run")
        assert reply.ok, reply
        assert mark.read_text() == "made 'a b;\n"
        assert (await room.do("desk.undo")).ok
        assert not mark.exists()

    running(body)


def test_a_step_that_the_policy_forbids_is_not_begun():
    async def body() -> None:
        room = Room()
        await room.start()
        body: dict[str, object] = {"role": "ic", "who": "ana"}
        await room.desk.record(INC, [Draft(Kind.ROLE_ASSIGNED, body, Actor("ana"))])
        strict = Room(world=room.world, policy=Policy(strict=True))
        reply = await strict.do("step.run", "ben", step="shrink")
        assert not reply.ok
        assert "R2 is for" in reply.text
        assert room.step("shrink").state is StepState.TODO

    running(body)


DRILL = """
id: roll-back
title: Roll back
version: "1"
params: {at: "http://127.0.0.1:9", size: ""}
steps:
  - {id: real, type: command, title: real, risk: R1, argv: [real], undo: [back]}
  - {id: reads, type: check, title: reads, argv: [reads]}
  - {id: safe, type: command, title: safe, risk: R1, drill: true, argv: [safe, "{at}"], undo: [back, "{at}", "{size}"]}
  - {id: tell, type: manual, title: tell}
"""


@pytest.mark.parametrize("incident", [False, True], ids=["a console in a drill", "an incident of a drill"])
def test_in_a_drill_only_what_says_so_is_run(incident: bool):
    async def body() -> None:
        room = Room(DRILL, drill=not incident)
        body: dict[str, object] = {"title": "t", "severity": 2, "started_at": 1, "drill": incident}
        await room.desk.record(INC, [Draft(Kind.INCIDENT_DECLARED, body, Actor("ana"))])
        assert (await room.do("runbook.start", runbook="roll-back", params={"size": "2"})).ok
        for step in ("real", "reads"):
            for preview in (True, False):
                refused = await room.ask("step.run", step=step, preview=preview, reason="because")
                assert not refused.ok
                assert "this is a drill" in refused.text
                assert "its runbook does not say that it may run in one" in refused.text
                assert "skip" in refused.next
            assert room.step(step).state is StepState.TODO
        assert room.runner.calls == []
        assert (await room.do("step.skip", step="real", reason="would restart it")).ok
        assert (await room.do("step.run", step="safe", reason="now")).ok
        assert (await room.do("step.undo", step="safe")).ok
        assert [argv for argv, _ in room.runner.calls] == [
            ("safe", "http://127.0.0.1:9"),
            ("back", "http://127.0.0.1:9", "2"),
        ]
        assert (await room.do("step.run", step="tell", reason="now")).ok

    running(body)


def test_outside_of_a_drill_all_steps_run():
    async def body() -> None:
        room = Room(DRILL)
        await room.start()
        assert (await room.do("step.run", step="real")).ok

    running(body)


@pytest.mark.parametrize(
    "address",
    ["http://prod:9090", "https://u:p@prod/x", "ssh://10.0.0.1", "http://[2001:db8::1]:9", "http://127.0.0.1.nip.io/"],
)
def test_a_drill_reaches_no_other_machine(address: str):
    async def body() -> None:
        room = Room(DRILL, drill=True)
        await room.start(at=address)
        refused = await room.ask("step.run", step="safe", reason="now")
        assert not refused.ok
        assert "is not this machine" in refused.text
        assert room.runner.calls == []

    running(body)


@pytest.mark.parametrize("address", ["http://localhost:1", "http://127.8.8.8/x?u=1", "http://[::1]:9/", "no address"])
def test_a_drill_reaches_this_machine(address: str):
    async def body() -> None:
        room = Room(DRILL, drill=True)
        await room.start(at=address)
        assert (await room.do("step.run", step="safe", reason="now")).ok

    running(body)
