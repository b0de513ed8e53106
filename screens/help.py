"""The keys that work on the screen it was asked on, made from the action table."""

from __future__ import annotations

from textual.app import ComposeResult

from console.actions import ActionSpec, Scope
from console.model.action import Tier
from console.model.snapshot import Snapshot
from screens.facts import Fact, FactList
from screens.host import Host
from screens.serving import Serving
from screens.situation import Situation, why_not
from widgets.line_list import LineList
from widgets.pane import Pane

TITLES = {
    Scope.EVERYWHERE: "everywhere",
    Scope.LOBBY: "lobby",
    Scope.ROOM: "war room",
    Scope.ALERTS: "alerts",
    Scope.TIMELINE: "timeline",
    Scope.METRICS: "metrics",
    Scope.RUNBOOK: "runbook",
    Scope.SILENCES: "silences",
    Scope.SOURCES: "sources",
    Scope.OUTBOX: "outbox",
}
RISKS = (
    Fact("R0", "reads only"),
    Fact("R1", "acts without asking: can be reversed, and shows how, or is only written down here"),
    Fact("R2", "users may see it: shows the exact call and what it touches, then y", "wait"),
    Fact("R3", "cannot be undone: type the target's name", "sev1"),
    Fact("moving", "arrows, page up and down, home, end; enter opens, and never changes anything", "text"),
    Fact("ctrl+l", "draws the screen anew when another program wrote over it", "text"),
)


def keys_here(host: Host, specs: tuple[ActionSpec, ...], at: Situation) -> list[Fact]:
    """Keys by scope, those of the place first; what cannot work at this moment says why."""
    scopes = list(dict.fromkeys([at.focus, *(s.scope for s in specs if s.scope is not Scope.EVERYWHERE)]))
    out: list[Fact] = []
    for scope in [*(s for s in scopes if s is not Scope.EVERYWHERE), Scope.EVERYWHERE]:
        named = [s for s in specs if s.scope is scope and host.keys.of(s.id)]
        if not named:
            continue
        out.append(Fact("", TITLES.get(scope, str(scope)), "accent bold"))
        for spec in named:
            reason = why_not(spec, at)
            tier = f"  {spec.tier.label}" if spec.tier >= Tier.R1 else ""
            text = f"{spec.help}{tier}" + (f"  (not at this moment: {reason})" if reason else "")
            out.append(Fact(host.keys.shown_all(spec.id), text, "grey" if reason else "text"))
        out.append(Fact("", ""))
    return [*out, Fact("", "risk and moving", "accent bold"), *RISKS]


class Help(Serving):
    """A screen of keys."""

    SCOPES = ()

    def __init__(self, host: Host, specs: tuple[ActionSpec, ...], at: Situation) -> None:
        super().__init__(host)
        self._facts = keys_here(host, specs, at)
        self.facts = FactList(label=16, label_colour="accent")
        self.pane = Pane("Keys")

    def body(self) -> ComposeResult:
        with self.pane:
            yield self.facts

    def lists(self) -> tuple[LineList, ...]:
        return (self.facts,)

    def show_keys(self) -> None:
        """Only what is meant here."""
        self.footer.show([("esc", "back"), ("up down", "scroll")])

    def show_body(self, snapshot: Snapshot, now: int) -> None:
        self.pane.show_title("Keys", "that work where you were")
        self.facts.tell(self._facts, now)
