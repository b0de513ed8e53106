"""What all screens share: header, result line and footer around a body, and the way from a key to an action."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from console.actions import TABLE, ActionSpec, Scope
from console.model.action import Reply, Tier
from console.model.group import Group
from console.model.incident import Tone
from console.model.snapshot import Snapshot
from screens import errand
from screens.bindings import bind, served
from screens.host import Host
from screens.situation import Situation, aim, why_not
from widgets.compositor import spare
from widgets.footer import Footer
from widgets.header import Header
from widgets.line_list import LineList
from widgets.result_line import ResultLine

SAID_S = 10.0
"""How long a result stands before it gives the line back."""
MEANT = ("ui.why", "ui.copy")
"""Moves that are about the row under the cursor, as every action is: from then on the cursor keeps it."""
ALWAYS = ("ui.palette", "ui.filter", "ui.help")


class WarScreen(Screen[None], inherit_bindings=False):
    """A screen of the console; subclasses give a body, its lists, and ``do_…`` methods for what they serve."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["base.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = []
    AUTO_FOCUS = ""
    SCOPES: ClassVar[tuple[Scope, ...]] = ()
    MORE: ClassVar[tuple[str, ...]] = ()
    """Ids of further actions served here."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        spare(self)
        self.host = host
        self.specs = served(self.SCOPES, self.MORE)
        self._bindings = bind(host.keys, self.specs)
        self.header = Header()
        self.result = ResultLine()
        self.footer = Footer()
        self._said = 0.0
        self.all_of_filter: frozenset[str] = frozenset()
        """The marks that the last "select all" made."""

    # What a subclass gives

    def body(self) -> ComposeResult:
        """The widgets between header and footer."""
        raise NotImplementedError

    def show_body(self, snapshot: Snapshot, now: int) -> None:
        """Show a snapshot."""
        raise NotImplementedError

    def lists(self) -> tuple[LineList, ...]:
        """Lists on this screen, the first being the one that has the focus at the start."""
        raise NotImplementedError

    def scope_of(self, focused: LineList | None) -> Scope:
        """The scope of the list that has the focus."""
        return self.SCOPES[0] if self.SCOPES else Scope.EVERYWHERE

    def open_row(self, row: object) -> None:
        """Go deeper into a row; changes nothing."""

    def sources_told(self) -> bool:
        """Whether the body's first line names the sources in trouble already."""
        return False

    def tick_body(self, now: int) -> None:
        """Time went on."""
        for each in self.lists():
            each.tick(now)

    # Showing

    def compose(self) -> ComposeResult:
        yield self.header
        yield from self.body()
        yield self.result
        yield self.footer

    def on_mount(self) -> None:
        if self.focused is None and self.lists():
            self.lists()[0].focus()
        self.show(self.host.snapshot)

    def on_screen_resume(self) -> None:
        if self.is_mounted:
            self.show(self.host.snapshot)

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(lambda: self.show(self.host.snapshot))

    def show(self, snapshot: Snapshot) -> None:
        """Show a snapshot; the cursor keeps its row, and a row that slid under it is remembered for a moment."""
        if not self.is_mounted:
            return
        now = self.host.clock.now()
        here = self.here
        before = here.cursor_key if here else ""
        self.show_body(snapshot, now)
        if here is not None and before and here.cursor_key != before:
            self.host.guard.shifted()
        self.header.show(
            incident=snapshot.incident, incidents=snapshot.incidents, due=snapshot.due, operator=snapshot.operator,
            sources=() if self.sources_told() else snapshot.sources,
            drill=snapshot.drill, read_only=snapshot.read_only, held=snapshot.held, held_by=snapshot.held_by,
            notice=snapshot.notice, now=now,
        )  # fmt: skip
        self.show_keys()

    def tick(self, now: int) -> None:
        """A second went by: only what tells time is redrawn."""
        self.header.tick(now)
        self.tick_body(now)
        if self.result.text and self.host.clock.monotonic() - self._said > SAID_S:
            self.say("")

    def show_keys(self) -> None:
        """The footer: the keys that work here and now, those of the focused list first."""
        at = self.situation()
        ranked = sorted(
            (s for s in self.specs if s.footer and s.id not in ALWAYS and not why_not(s, at)),
            key=lambda s: rank(s, at),
        )
        always = [s for s in map(TABLE.__getitem__, ALWAYS) if s in self.specs and not why_not(s, at)]
        self.footer.show([self._hint(s) for s in ranked], [self._hint(s) for s in always], more="more")

    def _hint(self, spec: ActionSpec) -> tuple[str, str]:
        from widgets.footer import key_label

        keys = self.host.keys.of(spec.id)
        return (key_label(keys[0]) if keys else "", spec.verb)

    def say(self, text: str, tone: Tone = Tone.PLAIN, hint: tuple[str, str] = ("", "")) -> None:
        """Say a line over the lower edge of the body; an empty one takes it away."""
        self._said = self.host.clock.monotonic()
        self._lift_result(bool(text))
        self.result.say(text, tone, hint)

    def _lift_result(self, said: bool) -> None:
        # Moved in from below the terminal: a widget that comes or goes would repaint the whole screen (18 kB).
        self.result.set_class(said, "-said")

    def replied(self, reply: Reply) -> None:
        """Say what came of an action, with its way back."""
        from widgets.footer import key_label

        self._said = self.host.clock.monotonic()
        self._lift_result(True)
        keys = self.host.keys.of("desk.undo")
        self.result.show(reply, key_label(keys[0]) if keys else "")

    # Where the operator is

    @property
    def here(self) -> LineList | None:
        """The list that has the focus."""
        focused = self.focused
        return focused if isinstance(focused, LineList) else None

    def situation(self) -> Situation:
        """What is on screen at this moment."""
        here = self.here
        marked = here.marked if here else frozenset()
        return Situation(
            snapshot=self.host.snapshot,
            focus=self.scope_of(here),
            row=self.situation_row(),
            marked=marked,
            all_of_filter=bool(marked) and marked == self.all_of_filter,
            undo=self.host.undo,
            logins=frozenset(self.host.logins),
        )

    def situation_row(self) -> object:
        """The row that actions are about."""
        return self.here.cursor_row if self.here is not None else None

    def on_line_list_cursor_moved(self, event: LineList.CursorMoved) -> None:
        self.show_keys()

    def on_line_list_marks_changed(self, event: LineList.MarksChanged) -> None:
        count = len(event.keys)
        self.say(f"{count} marked: keys act on all of them; esc unmarks" if count else "")
        self.show_keys()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.show_keys()

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        self.open_row(event.row)

    def on_key(self, event: events.Key) -> None:
        """A key that moves the cursor shows that the operator sees where it stands."""
        if event.key in ("up", "down", "pageup", "pagedown", "home", "end"):
            self.host.guard.aimed()

    # From a key to an action

    def action_act(self, id: str) -> None:
        """Serve a key: at once where the screen serves it, else through an errand."""
        spec = TABLE[id]
        if spec.tier >= Tier.R1 and (reason := self.host.guard.refuses()):
            self.say(reason, Tone.WAIT)
            return
        self.act(spec)

    def act(self, spec: ActionSpec) -> None:
        """Do it on what is under the cursor at this moment, or say why not."""
        at = self.situation()
        if reason := why_not(spec, at):
            self.say(reason, Tone.WAIT)
            return
        if self.here is not None and (not spec.screen or spec.id in MEANT):
            self.here.keep_cursor()
        if spec.screen:
            serve = getattr(self, f"do_{spec.id.removeprefix('ui.')}", None)
            if serve is None:
                self.say(f"{spec.verb} has no place on this screen", Tone.WAIT)
            else:
                serve()
            return
        if isinstance(at.row, Group) and spec.scope is Scope.ALERTS:
            self.host.seen(at.row.key)
        self.host.begin(errand.run(self.host, spec, at, aim(spec, at)))

    def action_draw_anew(self) -> None:
        """``ctrl+l`` sends every cell: another program may have written over them."""
        self.refresh()

    def action_say_how_to_leave(self) -> None:
        """``ctrl+c`` kills nothing."""
        keys = self.host.keys.shown("ui.quit")
        self.say(f"ctrl+c does nothing here; {keys} leaves the console", Tone.WAIT)


def rank(spec: ActionSpec, at: Situation) -> int:
    """Place in the footer: what belongs to the focused list before the rest, and a second declaration last."""
    if spec.id == "incident.declare" and at.incident is not None:
        return spec.footer + 12
    if spec.scope in (at.focus, Scope.EVERYWHERE):
        return spec.footer
    return spec.footer + (2 if spec.scope is Scope.ROOM or spec.id == "step.run" else 10)
