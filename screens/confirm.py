"""The confirmation: the exact call, where it happens, what it touches, the way back; one key, or the target typed."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.widgets import Input

from console.model.action import Preview, Tier
from screens.deaf import QUIET_S, Ear
from screens.dialog import FRAME, WIDTH, Dialog
from screens.facts import Fact, FactList, needed
from screens.line_input import LineInput
from screens.link import UNANSWERED_S, Link

RISKS = {
    Tier.R0: ("R0  reads only", "grey"),
    Tier.R1: ("R1  can be reversed at once", "grey"),
    Tier.R2: ("R2  users may see it", "wait"),
    Tier.R3: ("R3  cannot be undone", "sev1 bold"),
}
LABEL = 9
PRODUCTION = ("prod", "live")
"""An environment whose words begin so is drawn in red."""


def environment_colour(words: str) -> str:
    """Red for production, yellow for any other that is named."""
    first = words.lower().split()[:1]
    return "sev1 bold" if first and first[0].startswith(PRODUCTION) else "wait bold"


def facts(preview: Preview, old: str = "") -> list[Fact]:
    """All that the confirmation tells, most needed first; ``old`` says which data it rests on is not fresh."""
    out = [Fact("", preview.title, "text bold"), Fact("risk", *RISKS[preview.tier])]
    if preview.environment:
        out.append(Fact("where", preview.environment, environment_colour(preview.environment)))
    out.append(Fact("target", preview.target or "none named", "text bold"))
    if preview.warning:
        out.append(Fact("beware", preview.warning, "sev1"))
    if old:
        out.append(Fact("data", old, "wait bold"))
    out.append(Fact("back", preview.undo or "there is no way back", "good" if preview.undo else "sev1"))
    out += [Fact("touches" if n == 0 else "", text) for n, text in enumerate(preview.blast)]
    out.append(Fact("call", preview.call or "nothing outside this console", "label"))
    out += [Fact("such as" if n == 0 else "", text, "grey") for n, text in enumerate(preview.sample)]
    return out


class _Typed(LineInput):
    """Where the target is typed; tells of every key before it acts."""

    def __init__(self, heard: Callable[[], int], placeholder: str) -> None:
        super().__init__(placeholder=placeholder, pastes=False)
        self._heard = heard

    def on_key(self, event: events.Key) -> None:
        """Counted before the input takes it."""
        self._heard()


class Confirm(Dialog[bool]):
    """Shows a preview and nothing else; ends with ``True`` only by a key pressed on what could be read."""

    def __init__(
        self, preview: Preview, monotonic: Callable[[], float], old: str = "", link: Link | None = None
    ) -> None:
        """``link`` tells when the terminal shows what was painted; without one that is at once."""
        super().__init__("Confirm")
        self.preview = preview
        self._link = link or Link(lambda _: False)
        self.ear = Ear(monotonic, self._link.deaf_s)
        self._paints = self._shown = 0
        self._facts = facts(preview, old)
        self._list = FactList(label=LABEL, id="first" if preview.tier < Tier.R3 else None)
        self._typed = _Typed(self.ear.heard, f"type {preview.target}") if preview.tier >= Tier.R3 else None
        self._done = False

    def body(self) -> ComposeResult:
        yield self._list
        if self._typed is not None:
            self.first(self._typed)
            yield self._typed

    def content_lines(self, width: int) -> int:
        return needed(self._facts, width, LABEL) + (self._typed is not None)

    def hints(self) -> list[tuple[str, str]]:
        yes = ("enter", "after typing the target") if self._typed is not None else ("y", "do it")
        return [yes, ("esc", "leave")]

    def on_mount(self) -> None:
        self._list.tell(self._facts)
        self._watch_for_paint()

    def on_resize(self, event: events.Resize) -> None:
        self._watch_for_paint()
        height = self.content_lines(min(WIDTH, event.size.width) - FRAME) + FRAME + 1
        self.box.show_note("page down shows the rest" if height > event.size.height else "")

    def on_screen_resume(self) -> None:
        self._watch_for_paint()

    def on_screen_suspend(self) -> None:
        self.ear.covered()

    def _watch_for_paint(self) -> None:
        self.ear.covered()
        self._paints += 1
        self.call_after_refresh(self._painted, self._paints)

    def _painted(self, number: int) -> None:
        """The dialog is on its way to the terminal; it listens once that has shown it."""
        if number != self._paints:
            return
        if not self._list.size:
            self.call_after_refresh(self._painted, number)
        elif self.is_current and self._link.ask(lambda: self._seen(number)):
            self.set_timer(UNANSWERED_S, lambda: self._seen(number))

    def _seen(self, number: int) -> None:
        if number == self._paints and number != self._shown and self.is_current:
            self._shown = number
            self.ear.seen()

    # What is heard

    def on_key(self, event: events.Key) -> None:
        """Any key that no input took; each counts for judging whether a hand pressed ``y``."""
        if self._typed is not None:
            return
        number = self.ear.heard()
        if event.key == "y":
            event.stop()
            self._yes(number)

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text never acts."""
        event.stop()
        self.ear.heard()
        self.warn("pasted text does nothing here")

    def _yes(self, number: int) -> None:
        if reason := self.ear.refuses():
            self.warn(reason)
        else:
            self.set_timer(QUIET_S, lambda: self.settle(number))

    def settle(self, number: int) -> None:
        """Once the time after the key is over it acts, if no other key came."""
        if number != self.ear.last:
            self.warn("several keys at once: press it once, by itself")
        elif not self.ear.quiet:
            self.set_timer(QUIET_S, lambda: self.settle(number))
        elif not self._done:
            self._done = True
            self.dismiss(True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The target has to be typed exactly, by hand, after reading."""
        event.stop()
        if event.value != self.preview.target:
            self.warn(f"that is not {self.preview.target}")
        elif reason := self.ear.refuses():
            self.warn(reason)
        elif not self.ear.typed_by_hand(len(self.preview.target)):
            self.warn("that came faster than a hand types: type it once more")
        elif not self._done:
            self._done = True
            self.dismiss(True)
