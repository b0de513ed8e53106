"""Filing from the screen: one key, which takes what is under the cursor, and the screen where that has nothing."""

from __future__ import annotations

import re

from msgspec.structs import replace

from console.actions import Scope
from console.model.runbook import StepState
from screens.content import ContentScreen
from screens.evidence import EvidenceScreen
from screens.filing import filed
from tests.screens import world
from tests.screens.driving import Hand, drive


def test_the_key_files_what_is_under_the_cursor_without_asking() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("E")
        await hand.settle()
        [action] = hand.engine.done()
        assert (action.id, action.args) == ("evidence.file", {"incident": "INC-0042", "group": "g1"})
        assert "evidence.file is done" in hand.said()
        await hand.press("enter", "down", "E")
        await hand.settle()
        assert hand.engine.done()[-1].args["keys"] == [world.MEMBERS[1].key]

    drive(play)


def test_a_source_is_filed_where_sources_are() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("f5", "down", "E")
        await hand.settle()
        assert hand.engine.done()[-1].args == {"incident": "INC-0042", "source": "prometheus"}

    drive(play)


def test_a_step_with_output_is_filed_one_without_means_the_screen() -> None:
    steps = (replace(world.RUN.steps[0], output=("exit 0",)), *world.RUN.steps[1:])
    run = replace(world.RUN, steps=steps)
    snapshot = replace(world.ROOM, incident=replace(world.INCIDENT, runs=(run,)))

    async def play(hand: Hand) -> None:
        await hand.press("4", "home", "E")
        await hand.settle()
        assert hand.engine.done()[-1].args == {"incident": "INC-0042", "run": "run-1", "step": "s1"}
        await hand.press("down", "E")
        await hand.settle()
        assert set(hand.engine.done()[-1].args) == {"incident", "picture"}

    drive(play, snapshot)


def test_a_running_step_is_not_filed_yet() -> None:
    steps = (replace(world.RUN.steps[0], state=StepState.RUNNING, output=("so far",)), *world.RUN.steps[1:])
    snapshot = replace(world.ROOM, incident=replace(world.INCIDENT, runs=(replace(world.RUN, steps=steps),)))

    async def play(hand: Hand) -> None:
        await hand.press("4", "home", "E")
        assert "can be filed when it has ended" in hand.said()
        assert hand.engine.done() == []

    drive(play, snapshot)


def test_the_screen_is_filed_as_it_is_with_a_title_that_the_clock_gives() -> None:
    async def play(hand: Hand) -> None:
        shots = []
        for _ in range(2):
            await hand.press("ctrl+e", apart=0)
            await hand.settle()
            shots.append(str(hand.engine.done()[-1].args["picture"]))
            hand.clock.mono += 60
            hand.app._tick()
            await hand.settle()
        text = re.sub(r"<[^>]+>", "", shots[0]).replace("&#160;", " ")
        assert "warroom INC-0042 2026-11-23 14:05:59 UTC" in text
        assert "payments failing at checkout" in text
        assert shots[0].lstrip().startswith("<svg")

    drive(play)


def test_without_an_incident_it_is_not_offered() -> None:
    async def play(hand: Hand) -> None:
        for key in ("E", "ctrl+e", "f7"):
            await hand.press(key)
            assert "no incident is open" in hand.said()
        assert hand.engine.done() == []
        assert " E file" not in hand.text().splitlines()[-1]

    drive(play, world.LOBBY, (200, 60))


def test_in_a_room_the_footer_offers_it_where_there_is_place() -> None:
    async def play(hand: Hand) -> None:
        assert "E file" in hand.text().splitlines()[-1]

    drive(play, world.ROOM, (200, 60))


def test_evidence_is_listed_read_and_left_again() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("f7")
        assert isinstance(hand.app.top, EvidenceScreen)
        text = hand.text()
        assert text.index("E-0003") < text.index("E-0002") < text.index("E-0001")
        assert "1 tainted" in text
        await hand.press("down", "down", "enter")
        await hand.settle()
        [action] = hand.engine.done()
        assert (action.id, action.args) == ("evidence.show", {"item": "E-0001", "incident": "INC-0042"})
        assert isinstance(hand.app.top, ContentScreen)
        assert "OOMKilled" in hand.text()
        assert "\x1b" not in hand.text()
        await hand.press("end")
        assert "12 lines more in /var/lib" in hand.text()
        await hand.press("escape")
        assert isinstance(hand.app.top, EvidenceScreen)
        await hand.press("escape")
        assert not isinstance(hand.app.top, EvidenceScreen)

    drive(play, world.FILED)


def test_what_cannot_be_read_is_said() -> None:
    async def play(hand: Hand) -> None:
        hand.engine.refuses["evidence.show"] = "E-0003 is not what was collected"
        await hand.press("f7", "enter")
        await hand.settle()
        assert "not what was collected" in hand.said()
        assert isinstance(hand.app.top, EvidenceScreen)

    drive(play, world.FILED)


def test_only_named_rows_are_named() -> None:
    from console.actions import TABLE
    from screens.situation import Situation

    at = Situation(world.ROOM, Scope.TIMELINE, world.TIMELINE[0])
    assert filed(TABLE["evidence.file"], at) == {}


# Editing what waits


def test_an_edit_asks_shows_and_is_confirmed_with_what_was_changed_alone() -> None:
    async def play(hand: Hand) -> None:
        hand.engine.previews["outbox.edit"] = world_preview()
        await hand.press("f6", "down", "e")
        await hand.settle()
        assert "the pool leaks" in hand.text()
        await hand.press("backspace", "backspace")
        await hand.type("2h")
        await hand.press("enter", "enter")
        await hand.settle()
        assert hand.engine.actions[-1].preview
        await hand.confirm()
        [done] = hand.engine.done()
        assert (done.id, done.args) == (
            "outbox.edit", {"operation": "op-9", "incident": "INC-0042", "changes": {"duration": "2h"}},
        )  # fmt: skip
        assert done.digest

    drive(play)


def test_an_edit_that_changes_nothing_sends_nothing() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("f6", "down", "e", "enter", "enter")
        await hand.settle()
        assert "nothing was changed" in hand.said()
        assert hand.engine.actions == []

    drive(play)


def test_what_has_nothing_to_change_and_what_is_unknown_offer_no_edit() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("f6")
        assert " edit" not in hand.text().splitlines()[-1]
        await hand.press("e")
        assert "this is for what is queued or failed" in hand.said()
        await hand.press("down")
        assert "e edit" in hand.text().splitlines()[-1]
        await hand.press("down", "e")
        assert "nothing in it that could be changed" in hand.said()

    drive(play)


def world_preview():  # type: ignore[no-untyped-def]
    from tests.screens.fake import PREVIEW

    return replace(PREVIEW, title="Edit: silence 37 alerts of payments for 2 h")


def test_no_dialog_gives_a_function_key_another_meaning() -> None:
    """``F6`` is the outbox wherever it works; a dialog has keys of its own for its own."""
    from console.actions import ACTIONS
    from screens.ask import Ask
    from screens.choose import Choose
    from screens.commands import Commands
    from screens.confirm import Confirm
    from screens.declare import Declare
    from screens.reading import Reading

    taken = {key for spec in ACTIONS for key in spec.keys if re.fullmatch(r"f\d+", key)}
    for dialog in (Ask, Choose, Commands, Confirm, Declare, Reading):
        own = {getattr(binding, "key", "") for binding in dialog.BINDINGS}
        assert not own & taken, dialog
