"""A pane: a frame that says above what it holds and how much, and below where that is from and how old."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.containers import Container
from textual.geometry import Region
from textual.strip import Strip

from console.model.source import Health, SourceHealth
from widgets import line, marks, palette, words
from widgets.line import Part
from widgets.painting import surroundings
from widgets.source_rows import LOOK, ails, trouble


class Pane(Container):
    """Frame around a widget; its four edges are redrawn one by one, never what they hold."""

    DEFAULT_CSS = """
    Pane {
        width: 1fr;
        height: 1fr;
        padding: 1;
        background: $background;
    }
    """
    ALLOW_SELECT = False

    def __init__(self, title: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._title = title
        self._amount = ""
        self._note: tuple[Part, ...] = ()
        self._sources: tuple[SourceHealth, ...] = ()
        self._now = 0
        self._framed: tuple[object, ...] = ()
        self._drawn: dict[int, Strip] = {}

    def show_title(self, title: str, amount: str = "") -> None:
        """What this is and how much: ``Alerts``, ``3 groups of 59``; taken literally."""
        self._title, self._amount = title, amount
        self._repaint(0)

    def show_note(self, text: str, colour: str = "grey") -> None:
        """Say something in the lower edge: ``23 entries · chained``."""
        self._note, self._sources = ((text, colour),) if text else (), ()
        self._repaint(-1)

    def show_sources(self, sources: Sequence[SourceHealth], now: int, note: str = "") -> None:
        """Tell each source's health in the lower edge; one that is stale says its age in words."""
        self._sources, self._now = tuple(sources), now
        self._note = ((note, "grey"),) if note else ()
        self._tell()

    def tick(self, now: int) -> None:
        """Time went on: redraw the edges where an age in them changed."""
        self._now = now
        self._tell()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The frame; what it holds is drawn over it."""
        strips = []
        filters, background = self.get_line_filters(), self.background_colors[1]
        for y in crop.line_range:
            strip = self._edge(y)
            if y in (0, self.outer_size.height - 1):
                self._drawn[y] = strip
            for each in filters:
                strip = strip.apply_filter(each, background)
            strips.append(strip.crop(crop.x, crop.right))
        return strips

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._reframe()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        self._reframe()

    def on_resize(self) -> None:
        self._drawn.clear()

    def _reframe(self) -> None:
        """Redraw the edges if focus came or went."""
        look = (self._frame, *surroundings())
        if look == self._framed:
            return
        self._framed = look
        width, height = self.outer_size
        # Regions count from the content's corner, which lies one cell inside the frame.
        for region in (
            Region(-1, -1, width, 1),
            Region(-1, height - 2, width, 1),
            Region(-1, 0, 1, height - 2),
            Region(width - 2, 0, 1, height - 2),
        ):
            self.refresh(region)

    def _tell(self) -> None:
        self._reframe()
        self._repaint(0)
        self._repaint(-1)

    def _repaint(self, y: int) -> None:
        width, height = self.outer_size
        if not width or height < 2:
            return
        y = y % height
        if self._edge(y) != self._drawn.get(y):
            self.refresh(Region(-1, y - 1, width, 1))

    def _edge(self, y: int) -> Strip:
        width, height = self.outer_size
        if y == 0:
            return self._top(width)
        if y == height - 1:
            return self._bottom(width)
        side = Segment(marks.sign("v"), palette.style(self._frame))
        return Strip([side, Segment(" " * (width - 2), palette.style("text")), side], width)

    @property
    def _frame(self) -> str:
        """The frame's colour: the focus before anything else, yellow where all that is shown is old."""
        if self.has_focus_within:
            return "accent"
        return "wait" if self._as_of() else "border"

    def _as_of(self) -> str:
        """Of when the latest is that is shown, where all of it is old."""
        if not self._sources or not all(s.fresh_at and s.stale(self._now) for s in self._sources):
            return ""
        return f"  as of {words.minute(max(s.fresh_at for s in self._sources))}"

    def _top(self, width: int) -> Strip:
        colour = "accent bold" if self.has_focus_within else "label bold"
        left, right = marks.sign("tl") + marks.sign("h"), marks.sign("tr")
        title = words.cut(self._title, width - 6)
        room = width - cell_len(title) - 8
        old = self._as_of()
        old = old if cell_len(old) <= room else ""
        room -= cell_len(old)
        amount = f"  {words.cut(self._amount, room)}" if self._amount and room > 3 else ""
        rule = marks.sign("h") * max(0, width - 5 - cell_len(title) - cell_len(amount) - cell_len(old))
        edge = self._frame
        parts = [(left, edge), (f" {title}", colour), (amount, colour), (f"{old} ", "wait bold"), (rule + right, edge)]
        return Strip(line.lay(width, parts), width)

    def _bottom(self, width: int) -> Strip:
        edge = self._frame
        room = width - 7
        parts = source_parts(self._sources, self._now, room - sum(cell_len(t) + 2 for t, _ in self._note))
        if self._note:
            parts = [*parts, ("  ", "grey"), *self._note] if parts else list(self._note)
        size = sum(cell_len(text) for text, _ in parts)
        if not parts or size > room:
            rule = marks.sign("bl") + marks.sign("h") * (width - 2) + marks.sign("br")
            return Strip(line.lay(width, [(rule, edge)]), width)
        rule = marks.sign("bl") + marks.sign("h") * (width - size - 5) + " "
        return Strip(line.lay(width, [(rule, edge), *parts, (f" {marks.sign('h')}{marks.sign('br')}", edge)]), width)


def source_parts(sources: Sequence[SourceHealth], now: int, room: int) -> list[Part]:
    """Each source's name and sign within ``room`` cells, those in trouble first and with their age in words."""
    troubled = [s for s in sources if s.health not in (Health.OK, Health.STARTING) or (s.fresh_at and s.stale(now))]
    fine = [s for s in sources if s not in troubled]
    out: list[Part] = []
    for index, source in enumerate([*troubled, *fine]):
        parts = _source(source, now, troubled=source in troubled)
        rest = len(sources) - index
        tail = f"+{rest} more"
        size = sum(cell_len(text) for text, _ in (*out, *parts)) + 2 * bool(out)
        if size + (len(tail) + 2 if rest > 1 else 0) > room and size > room - len(tail) - 2:
            return [*out, ("  " if out else "", "grey"), (tail, "wait" if index < len(troubled) else "grey")]
        out += [("  ", "grey"), *parts] if out else parts
    return out


def _source(source: SourceHealth, now: int, *, troubled: bool) -> list[Part]:
    name, colour, word = LOOK[source.health]
    if not troubled:
        return [(f"{source.name} ", "grey"), (marks.sign(name), "grey" if source.health is Health.STARTING else "good")]
    if ails(source, now):
        sign, colour, said = trouble(source, now)
        return [(f"{source.name} ", "grey"), (f"{sign} {said}", colour)]
    return [(f"{source.name} ", "grey"), (f"{marks.sign(name)} {word}", colour)]
