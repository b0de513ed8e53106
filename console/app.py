"""The application: wires the engine's handle to the screens, and is all that the screens may ask of the outside."""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events
from textual.app import App, SuspendNotSupported
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.screen import ModalScreen, Screen

import screens
from console import themes
from console.bridge import Bridge, EngineHandle
from console.clock import Clock, Ids, RandomIds, SystemClock
from console.config import Config
from console.errors import ConfigError
from console.model.action import Action, Reply, Undo
from console.model.entry import Actor
from console.model.incident import Tone
from console.model.snapshot import Snapshot, View
from console.text import clean
from screens.base import WarScreen
from screens.guard import KeyGuard
from screens.keymap import Keys, check_keymap
from screens.link import Link, multiplexed
from screens.lobby import Lobby
from screens.small import Small, too_small
from widgets import marks, words
from widgets.frame import Frame

if TYPE_CHECKING:
    from screens.war_room import WarRoom

log = logging.getLogger("warroom.app")
T = TypeVar("T")

TICK_S = 1.0
PAINTED_S = 0.25


class WarroomApp(App[int], inherit_bindings=False):
    """Screens on top of an engine's handle; fulfils ``screens.host.Host``."""

    TITLE = "warroom"
    # Style sheets of the default screen are not read by themselves.
    CSS_PATH: ClassVar[list[str | PurePath]] = [Path(screens.__file__).parent / f"{n}.tcss" for n in ("base", "lobby")]
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        handle: EngineHandle,
        *,
        config: Config | None = None,
        on_painted: Callable[[], None] | None = None,
        ascii: bool | None = None,
        clock: Clock | None = None,
        ids: Ids | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.config = config or Config()
        if problems := check_keymap(self.config.keys):
            raise ConfigError("; ".join(problems), next=f"correct keys in {self.config.path or 'the configuration'}")
        super().__init__()
        self.animation_level = "none"
        self.clock: Clock = clock or SystemClock()
        self.keys = Keys(self.config.keys)
        self.guard = KeyGuard(self.clock.monotonic)
        environment = os.environ if environ is None else environ
        self.link = Link(self._tell_terminal, multiplexed=multiplexed(environment))
        self.logins: Mapping[str, tuple[str, ...]] = {s.name: s.login for s in self.config.sources if s.login}
        self.undo: Undo | None = None
        self.drafts: dict[str, tuple[dict[str, object], dict[str, object]]] = {}
        self.view = View()
        self.snapshot, _ = handle.take()
        self.bridge = Bridge(handle, self.show)
        self._ids: Ids = ids or RandomIds()
        self._frame = Frame()
        self._on_painted = on_painted
        self._room: WarRoom | None = None
        self._room_key = ""
        themes.install(self, self.config.theme, environment)
        if ascii is not None:
            marks.use(ascii)
        words.use_zone(UTC if self.config.utc else None)

    # Life

    def get_default_screen(self) -> Screen[object]:
        """The lobby is painted first; an incident that was open takes its place as soon as the engine has it."""
        return Lobby(self)  # type: ignore[return-value]

    def on_mount(self) -> None:
        self.set_interval(TICK_S, self._tick)
        self.app_resume_signal.subscribe(self, lambda _: self._frame.forget())
        self.bridge.open(asyncio.get_running_loop())
        if self._on_painted is not None:
            # Whichever comes first starts it: with nothing left to refresh the former may never be called.
            self.call_after_refresh(self._on_painted)
            self.set_timer(PAINTED_S, self._on_painted)

    def on_unmount(self) -> None:
        self.bridge.close()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters, then the gate that lets no control character out."""
        return themes.line_filters(super().get_line_filters())

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Textual's way to the terminal: of an update goes there what differs from what it shows."""
        super()._display(screen, renderable if self.is_inline else self._frame.update(renderable))

    async def on_event(self, event: events.Event) -> None:
        """Every key and paste is counted before anything hears of it."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self.guard.key(event.is_printable)
        elif isinstance(event, events.Paste) and not event.is_forwarded:
            self.guard.paste()
        elif isinstance(event, events.CursorPosition):
            self.link.answered(event.x, event.y)
        await super().on_event(event)

    def _tell_terminal(self, text: str) -> bool:
        """Behind what was painted, on the same way; ``False`` = there is no terminal."""
        if self._driver is None or self.is_headless:
            return False
        self._driver.write(text)
        return True

    def _watch_app_focus(self, focus: bool) -> None:
        """A terminal that loses the focus changes nothing: no repaint, and the list keeps its cursor."""

    def on_resize(self, event: events.Resize) -> None:
        """A terminal that is too small says so, and all comes back when it grows."""
        covered = isinstance(self.screen, Small)
        if too_small(event.size.width, event.size.height) and not covered:
            self.push_screen(Small())
        elif covered and not too_small(event.size.width, event.size.height):
            self.pop_screen()

    def _tick(self) -> None:
        now = self.clock.now()
        self.settle_room()
        top = self.top
        if top is not None:
            top.tick(now)

    # News

    def show(self, snapshot: Snapshot) -> None:
        """The latest snapshot is here."""
        self.snapshot = snapshot
        if not self.is_running:
            return
        self.settle_room()
        if self.top is not None:
            self.top.show(snapshot)

    @property
    def top(self) -> WarScreen | None:
        """The screen that is seen, be it under a dialog."""
        return next((s for s in reversed(self.screen_stack) if isinstance(s, WarScreen)), None)

    def settle_room(self) -> None:
        """Follow the engine into an incident or out of it; never while a dialog is open."""
        incident = self.snapshot.incident
        key = incident.key if incident is not None else ""
        if key == self._room_key or isinstance(self.screen, ModalScreen):
            return
        self._room_key = key
        self._forget_room()
        self.undo = None
        self.go("room" if key else "lobby")

    def _forget_room(self) -> None:
        """Another incident has its own room."""
        room, self._room = self._room, None
        self._to_lobby()
        if room is not None:
            self.uninstall_screen(room)

    def _to_lobby(self) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()

    # What screens ask of the application

    def request(
        self, id: str, args: dict[str, object], *, preview: bool = False, digest: str = ""
    ) -> asyncio.Future[Reply]:
        actor = Actor(self.snapshot.operator)
        return self.bridge.ask(Action(self._ids.new("ask"), id, args, actor, preview, digest))

    def look(self, *, filter: str | None = None, range_s: int | None = None, targets: bool | None = None) -> None:
        view = self.view
        self.view = View(
            view.filter if filter is None else filter,
            view.range_s if range_s is None else range_s,
            view.targets if targets is None else targets,
        )
        if self.view != view:
            self.bridge.handle.look(self.view)

    def seen(self, group: str) -> None:
        self.bridge.handle.seen(group)

    def say(self, text: str, tone: Tone = Tone.PLAIN, hint: tuple[str, str] = ("", "")) -> None:
        if self.top is not None:
            self.top.say(text, tone, hint)

    def answer(self, reply: Reply) -> None:
        if reply.ok and not reply.data.get("reads"):
            self.undo = reply.undo
        if self.top is not None:
            self.top.replied(reply)
            self.top.show_keys()

    def begin(self, errand: Coroutine[Any, Any, None]) -> None:
        self.run_worker(self._run_errand(errand))

    async def _run_errand(self, errand: Coroutine[Any, Any, None]) -> None:
        """One errand's failure is told and logged; it does not end the console in the middle of an incident."""
        try:
            await errand
        except Exception as error:
            log.exception("an errand failed")
            self.say(f"this failed inside the console ({type(error).__name__}); the log tells more", Tone.BAD)

    async def dialog(self, screen: Screen[T]) -> T | None:
        return await self.push_screen_wait(screen)

    def deepen(self, screen: Screen[None]) -> None:
        self.push_screen(screen)

    def back(self) -> None:
        if len(self.screen_stack) > 1:
            self.pop_screen()

    def go(self, place: str) -> None:
        """To the lobby, to the room of the open incident, or to one of the lists on top of where we are."""
        if place in ("lobby", "room"):
            self._to_lobby()
        if place == "room" and self.snapshot.incident is not None:
            if self._room is None:
                from screens.war_room import WarRoom

                self._room = WarRoom(self)
                self.install_screen(self._room, "room")
            self.push_screen("room")
        elif place == "silences":
            from screens.silences import SilencesScreen

            self.push_screen(SilencesScreen(self))
        elif place == "outbox":
            from screens.outbox import OutboxScreen

            self.push_screen(OutboxScreen(self))
        elif place == "evidence":
            from screens.evidence import EvidenceScreen

            self.push_screen(EvidenceScreen(self))
        elif place == "sources":
            from screens.sources import SourcesScreen

            self.push_screen(SourcesScreen(self))

    def pane(self, index: int) -> None:
        self.go("room")
        if self._room is not None:
            self._room.go_to(index)

    def picture(self) -> str:
        now, incident = self.clock.now(), self.snapshot.incident
        at = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return self.export_screenshot(title=f"warroom {incident.key if incident is not None else ''} {at}")

    def copy(self, text: str) -> None:
        self.copy_to_clipboard(text)
        self.say(f"copied {len(text)} characters to your terminal's clipboard")

    def log_in(self, source: str) -> None:
        """Give the terminal to the source's login command; the engine goes on meanwhile on its own thread."""
        argv = list(self.logins[source])
        # A handler of our own and not SIG_IGN: the command inherits the latter, and ctrl+c is to end it, not us.
        before = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            with self.suspend():
                print(f"warroom: logging in to {clean(source)} with: {clean(shlex.join(argv))}", flush=True)
                code = subprocess.run(argv, check=False).returncode
        except (OSError, SuspendNotSupported) as error:
            self.say(f"{source}: the login command could not be run: {clean(str(error))}", Tone.BAD)
            return
        finally:
            signal.signal(signal.SIGINT, before)
        if code:
            self.say(f"{source}: the login command ended with {code}", Tone.BAD)
        else:
            self.say(f"{source}: logged in; it is asked now", Tone.GOOD)
            self.request("source.ask", {"source": source})

    def switch_utc(self) -> None:
        words.use_zone(None if words.zone() is UTC else UTC)
        self.say(f"times are {words.offset(self.clock.now())}")
        if self.top is not None:
            self.top.show(self.snapshot)

    def leave(self) -> None:
        self.exit(0)

    # When all goes wrong

    def _fatal_error(self) -> None:
        """A short message instead of Textual's traceback, which prints the values of local variables."""
        error = self._exception
        log.critical("the screen failed", exc_info=error)
        text = (
            f"warroom: the screen failed ({type(error).__name__}). What was acknowledged is in the journal.\n"
            "Start it again to go on where you were; the log tells more: warroom doctor names its place."
        )
        self._exit_renderables.append(text)
        self._close_messages_no_wait()
