"""Whatever an alert, a label, a person or a runbook is called, it is shown as text and acts on nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import replace

from console.model.custody import Evidence
from console.model.evidence import Custody, EvidenceItem, Flaw, FlawCode
from console.model.rows import Rows
from console.text import clean
from tests.screens import world
from tests.screens.driving import Hand, drive
from tests.screens.fake import PREVIEW

EVIL = clean(world.HOSTILE)
RAW = world.HOSTILE
"""As it would come if an adapter forgot to clean it: the gate at the output still holds."""
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b-\u200f]")


def hostile(text: str) -> Any:
    """The whole world, named by an enemy."""
    member = replace(
        world.MEMBERS[0],
        alert=replace(
            world.MEMBERS[0].alert, name=text, summary=text, service=text, host=text, link=text,
            labels={text[:200]: text}, annotations={"summary": text},
        ),
        acked_by=text,
    )  # fmt: skip
    group = replace(
        world.PAYMENTS, title=text, root=text, services=(text, text), why=(text,), members=Rows.of((member,))
    )
    row = replace(world.TIMELINE[2], who=text, text=text, result=text, detail=(text,))
    step = world.RUN.steps[4]
    step = replace(step, step=replace(step.step, title=text, text=text), shows=text, output=(text,))
    run = replace(world.RUN, title=text, steps=(step, *world.RUN.steps[5:]), by=text)
    link = Custody(1, "l1:1", "", "evidence.collected", world.NOW, world.NOW, "", text, seal=text)
    piece = EvidenceItem(
        "E-0001", title=text, source_system=text, source_identifier=text, command=(text,), collected_by=text,
        collected_at=world.NOW, tool=text, location=text, notes=text, storage_uri=text, legal_hold=text,
        flaws=(Flaw(FlawCode.MISMATCH, "E-0001", "l1:1", text),), chain=(link,),
    )  # fmt: skip
    incident = replace(
        world.INCIDENT, title=text, ic=text, roles={"ops": text}, services=(text,), runs=(run,),
        timeline=Rows.of((row,)), evidence=Evidence({"E-0001": piece}, hold=text),
    )  # fmt: skip
    metric = replace(world.METRICS[0], query=replace(world.METRICS[0].query, title=text, expr=text), error=text)
    silence = replace(world.SILENCES[0], comment=text, created_by=text)
    return replace(
        world.ROOM, alerts=replace(world.ALERTS, major=Rows.of((group,)), flat=Rows.of((member,)), filter=text[:80]),
        incident=incident, metrics=(metric,), silences=(silence,), notice=text, operator=text,
        incidents=(replace(world.LINES[0], title=text, ic=text),),
        sources=(replace(world.SOURCES[2], name=text, detail=text, serves=("alerts", "silences", "metrics")),),
        outbox=tuple(
            replace(row, incident=text, operation=replace(row.operation, why=text, by=text, intent=replace(
                row.operation.intent, words=text, call=text, target=text)))
            for row in world.OUTBOX
        ),
        due=(replace(world.DUE[0], text=text),), runbooks=(replace(world.BOOKS[0], title=text, owner=text),),
        targets=(replace(world.TARGETS[0], job=text, error=text),), rules=(replace(world.RULES[0], name=text),),
    )  # fmt: skip


PATHS = {
    "lobby": ("f3",), "room": (), "alerts": ("z",), "group": ("enter",), "timeline": ("2", "z", "up"),
    "metrics": ("3", "z"), "runbook": ("4", "z"), "silences": ("f4",), "outbox": ("f6",), "sources": ("f5",),
    "evidence": ("f7",), "content": ("f7", "enter"),
    "why": ("w",),
    "help": ("question_mark",), "commands": ("colon",), "declare": ("d",), "silence": ("s",), "confirm": ("r",),
    "books": ("b",), "severity": ("v",), "leave": ("ctrl+q",), "filter": ("slash",), "ack": ("a",),
}  # fmt: skip


@pytest.mark.parametrize("text", [EVIL, RAW], ids=["cleaned", "raw"])
@pytest.mark.parametrize("path", PATHS)
def test_names_are_text(path: str, text: str) -> None:
    async def play(hand: Hand) -> None:
        hand.engine.previews["step.run"] = replace(
            PREVIEW, title=text, call=text, target=text, environment=text, blast=(text,), sample=(text,), undo=text
        )
        await hand.press(*PATHS[path])
        await hand.settle()
        assert hand.app.is_running
        assert hand.app.return_value is None
        shown = sent(hand)
        assert "[/red]" in shown or path in ("help", "commands", "severity")
        assert not CONTROL.search(shown.replace("\n", ""))

    drive(play, hostile(text), size=(120, 40))


@pytest.mark.parametrize("path", ["room", "confirm", "alerts", "declare", "runbook", "metrics"])
def test_names_are_text_on_a_small_screen(path: str) -> None:
    async def play(hand: Hand) -> None:
        hand.engine.previews["step.run"] = replace(PREVIEW, title=EVIL, call=EVIL, target=EVIL, blast=(EVIL,))
        await hand.press(*PATHS[path])
        await hand.settle()
        lines = sent(hand).split("\n")
        assert len(lines) == 12

    drive(play, hostile(EVIL), size=(40, 12))


def sent(hand: Hand) -> str:
    """The cells that leave for the terminal, after the last gate."""
    from textual.color import Color

    from console import themes

    gate = themes.line_filters([])[-1]
    strips = hand.app.screen._compositor.render_strips()
    lines = ["".join(s.text for s in gate.apply(list(strip), Color(0, 0, 0))) for strip in strips]
    return "\n".join(lines)
