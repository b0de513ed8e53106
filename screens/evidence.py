"""The incident's evidence: what was filed, when, by whom, its size and hash, and whether its custody holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions import ActionSpec, Scope
from console.model.evidence import Custody, EvidenceItem
from console.model.incident import Tone
from console.model.rows import Rows
from console.model.snapshot import Snapshot
from screens.beside import Beside
from screens.detail import detail, moment
from screens.facts import Fact
from screens.filing import NO_INCIDENT
from screens.host import Host
from widgets import words
from widgets.evidence_rows import EvidenceRows, custody, size
from widgets.line_list import LineList, Section

if TYPE_CHECKING:
    from collections.abc import Sequence


class EvidenceScreen(Beside):
    """All items, the latest first."""

    SCOPES = (Scope.EVIDENCE,)
    MORE = ("ui.next_pane", "ui.previous_pane")
    DETAIL = "Item"

    def __init__(self, host: Host) -> None:
        super().__init__(host, EvidenceRows())

    def scope_of(self, focused: LineList | None) -> Scope:
        return Scope.EVIDENCE

    def show_rows(self, snapshot: Snapshot, now: int) -> None:
        incident = snapshot.incident
        items = list(incident.evidence.items.values())[::-1] if incident is not None else []
        key = self.host.keys.shown("evidence.file")
        self.rows.set_empty(f"nothing was filed yet; {key} files what is under the cursor" if incident else NO_INCIDENT)
        self.rows.show([Section("", Rows.of(items), 2)] if items else [], now)
        self.list_pane.show_title("Evidence", told(items))
        hold = incident.evidence.hold if incident is not None else ""
        self.list_pane.show_note(f"legal hold: {hold}" if hold else "", "wait bold")

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """Enter reads the item; tab goes to what is known of it."""
        event.prevent_default()
        event.stop()
        if isinstance(event.row, EvidenceItem):
            self.host.begin(read_item(self.host, event.row))

    def act(self, spec: ActionSpec) -> None:
        """From the list of commands, too, reading shows the content."""
        row = self.rows.cursor_row
        if spec.id == "evidence.show" and isinstance(row, EvidenceItem):
            self.host.begin(read_item(self.host, row))
        else:
            super().act(spec)


async def read_item(host: Host, item: EvidenceItem) -> None:
    """Have its content read and compared, then show it."""
    from screens.content import ContentScreen
    from screens.errand import patiently

    if host.snapshot.incident is None:
        host.say(NO_INCIDENT, Tone.WAIT)
        return
    asked = host.request("evidence.show", {"item": item.id, "incident": host.snapshot.incident.key})
    reply = await patiently(host, asked, "show")
    lines = reply.data.get("lines")
    if reply.ok and isinstance(lines, list):
        host.deepen(ContentScreen(host, item, reply))
    else:
        host.answer(reply)


def told(items: Sequence[EvidenceItem]) -> str:
    """``3 items, 1 tainted``."""
    if not items:
        return "nothing filed"
    tainted = sum(item.tainted for item in items)
    flawed = sum(bool(item.flaws) and not item.tainted for item in items)
    parts = [words.count(len(items), "item")]
    parts += [f"{tainted} tainted"] if tainted else []
    return ", ".join([*parts, f"{flawed} with flaws"] if flawed else parts)


@detail.register
def _item(row: EvidenceItem, snapshot: Snapshot, now: int) -> list[Fact]:
    state, tone = custody(row)
    out = [
        Fact("", f"{row.id} {row.title}", "text bold"),
        Fact("custody", state, tone),
        *(Fact("flaw", flaw.text, "sev1") for flaw in row.flaws),
        Fact("collected", moment(row.collected_at, now)),
        Fact("by", row.collected_by or "nobody yet", "person"),
        Fact("from", f"{row.source_system} {row.source_identifier}".strip() or "not said"),
    ]
    if row.command:
        out.append(Fact("command", " ".join(row.command), "label"))
    if row.size is not None:
        out.append(Fact("size", f"{size(row.size)}, {row.size:,} bytes"))
    out.append(Fact("sha256", row.digest or "none was taken", "text" if row.digest else "wait"))
    rest = (
        ("kind", f"{row.type}{f', {row.method}' if row.method else ''}"), ("tool", row.tool), ("at", row.location),
        ("class", row.classification), ("tlp", row.tlp), ("hold", row.legal_hold), ("notes", row.notes),
        ("file", row.storage_uri),
    )  # fmt: skip
    out += [Fact(label, text) for label, text in rest if text]
    out.append(Fact("", "custody", "label bold"))
    return [*out, *(Fact(str(each.seq), _link(each), _tone(each)) for each in row.chain)]


def _link(each: Custody) -> str:
    """``14:02:11 ana verified, as it was``."""
    done = each.kind.partition(".")[2].replace("_", " ")
    who = each.by or each.received_by
    compared = {True: ", its hash as it was", False: ", its hash another"}.get(each.verified, "")  # type: ignore[arg-type]
    moved = f" from {each.released_by}" if done == "transferred" else ""
    return f"{words.clock(each.at)} {done}{moved} by {who}{compared}" + (f", seal {each.seal}" if each.seal else "")


def _tone(each: Custody) -> str:
    return "sev1" if each.verified is False else "text"
