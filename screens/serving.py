"""What the table's ``ui.…`` actions do on every screen; a screen overrides what means more to it."""

from __future__ import annotations

from console.actions import TABLE
from console.model.incident import Tone
from screens.base import WarScreen
from screens.situation import in_flight

RANGES_S = (300, 900, 3600, 3 * 3600, 12 * 3600, 24 * 3600, 7 * 24 * 3600)


class Serving(WarScreen):
    """A screen with all moves in it."""

    def do_help(self) -> None:
        from screens.help import Help

        self.host.deepen(Help(self.host, self.specs, self.situation()))

    def do_palette(self) -> None:
        self.host.begin(self._command())

    async def _command(self) -> None:
        from screens.commands import Commands

        picked = await self.host.dialog(Commands(self.host.keys, self.situation(), self.specs))
        if picked:
            self.act(TABLE[picked])

    def do_back(self) -> None:
        """The nearest thing first: marks, then the filter, then the screen."""
        here = self.here
        if here is not None and here.marked:
            here.clear_marks()
        elif self.host.view.filter and "ui.filter" in {s.id for s in self.specs}:
            self.host.look(filter="")
            self.say("filter taken away")
        else:
            self.leave()

    def leave(self) -> None:
        """Leave this screen."""
        self.host.back()

    def do_quit(self) -> None:
        lines = in_flight(self.host.snapshot)
        if lines:
            self.host.begin(self._quit(lines))
        else:
            self.host.leave()

    async def _quit(self, lines: list[str]) -> None:
        from screens.choose import Choice, Choose

        choices = [
            Choice("stay", "stay", "the console stays as it is"),
            Choice("leave", "leave", f"goes on without a screen: {'; '.join(lines)}"),
        ]
        if await self.host.dialog(Choose("Leave while work is under way", choices)) == "leave":
            self.host.leave()

    def do_utc(self) -> None:
        self.host.switch_utc()

    def do_lobby(self) -> None:
        self.host.go("lobby")

    def do_silences(self) -> None:
        self.host.go("silences")

    def do_outbox(self) -> None:
        self.host.go("outbox")

    def do_evidence(self) -> None:
        self.host.go("evidence")

    def do_sources(self) -> None:
        self.host.go("sources")

    def do_open(self) -> None:
        if self.here is not None:
            self.here.action_open()

    def open_row(self, row: object) -> None:
        """Go deeper into a row; changes nothing."""
        from screens.opening import deeper

        deeper(self.host, row)

    def do_copy(self) -> None:
        from screens.detail import plain

        here = self.here
        if here is not None and here.cursor_row is not None:
            self.host.copy(plain(here.cursor_row))

    def do_select(self) -> None:
        if self.here is not None:
            self.here.toggle_mark()

    def do_why(self) -> None:
        from screens.opening import why

        here = self.here
        if here is not None:
            why(self.host, here.cursor_row)

    def do_next_pane(self) -> None:
        self._step(1)

    def do_previous_pane(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        shown = [each for each in self.lists() if each.display and all(a.display for a in each.ancestors)]
        if shown:
            at = shown.index(self.here) + by if self.here in shown else 0
            shown[at % len(shown)].focus()

    def do_wider(self) -> None:
        self._range(1)

    def do_narrower(self) -> None:
        self._range(-1)

    def _range(self, by: int) -> None:
        here = self.host.view.range_s
        at = min(range(len(RANGES_S)), key=lambda i: abs(RANGES_S[i] - here)) + by
        if 0 <= at < len(RANGES_S):
            self.host.look(range_s=RANGES_S[at])
            self.show(self.host.snapshot)
        else:
            self.say("the time shown goes from 5 minutes to 7 days", Tone.WAIT)
