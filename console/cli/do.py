"""``warroom do``: one action through the desk, without the screen; same policy, same confirmation, same journal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from console.actions import ACTIONS, TABLE, ActionSpec, ArgType
from console.cli.codes import Exit, code_named
from console.cli.output import say, say_json, say_table
from console.cli.settings import actor_of, settings_of, shared
from console.errors import PolicyRefused, Refused
from console.text import nearest

if TYPE_CHECKING:
    from console.config import Config
    from console.model.action import Action, Preview, Reply


@click.command("do")
@click.argument("action", default="")
@click.option(
    "--arg", "given", multiple=True, metavar="NAME=VALUE", help="An argument; PARAMS and KEYS may be repeated."
)
@click.option("--preview", is_flag=True, help="Only show what would happen.")
@click.option("--yes", is_flag=True, help="Do what is user-visible (R2) without asking.")
@click.option("--target", default="", metavar="NAME", help="Confirm what cannot be undone (R3) by its target's name.")
@click.option("--json", "as_json", is_flag=True, help="The reply as JSON; asks nothing.")
@shared
@click.pass_context
def do(
    ctx: click.Context, action: str, given: Sequence[str], preview: bool, yes: bool, target: str, as_json: bool
) -> None:
    """Perform ACTION. Without one, list all of them.

    What others would notice (R2) is shown first and wants --yes, or a word on a terminal; what cannot be undone (R3)
    wants its target's name.
    """
    if not action:
        _list(as_json)
        return
    spec = _spec(action)
    arguments = _arguments(spec, given)
    config = settings_of(ctx).config(needed=False)
    if config.read_only and spec.tier > 0 and not preview:
        raise PolicyRefused(f"this console is read-only: {spec.verb} was not done", next="leave --read-only out to act")
    one = _One(config, spec, arguments)
    reply = one.ask(preview=True) if preview or spec.tier >= 2 else one.do()
    if preview:
        _tell(reply, as_json)
        ctx.exit(Exit.OK if reply.ok else _code(reply))
    if reply.preview is not None and (reply.ok or spec.tier < 2):
        # Shown, not done: the desk takes it with the digest of what was shown.
        if not _confirmed(reply.preview, yes=yes, target=target, ask=not as_json and sys.stdin.isatty()):
            _tell_unconfirmed(reply, as_json)
            ctx.exit(Exit.REFUSED)
        reply = one.do(reply.preview.digest)
    _tell(reply, as_json)
    ctx.exit(Exit.OK if reply.ok else _code(reply))


class _One:
    """One action of one invocation, asked for once or twice."""

    def __init__(self, config: Config, spec: ActionSpec, arguments: dict[str, object]) -> None:
        self._config = config
        self._spec = spec
        self._arguments = arguments

    def ask(self, *, preview: bool) -> Reply:
        """What it would do."""
        return self._perform(preview=preview)

    def do(self, digest: str = "") -> Reply:
        """Do it; ``digest`` stands for the preview that was confirmed."""
        return self._perform(digest=digest)

    def _perform(self, *, preview: bool = False, digest: str = "") -> Reply:
        from console.clock import RandomIds
        from console.engine.oneshot import perform
        from console.model.action import Action

        action: Action = Action(
            RandomIds().new("rq"), self._spec.id, self._arguments, actor_of(self._config), preview, digest
        )
        return asyncio.run(perform(self._config, action))


def _spec(name: str) -> ActionSpec:
    spec = TABLE.get(name)
    doable = [s.id for s in ACTIONS if not s.screen]
    if spec is None:
        near = nearest(name, doable)
        hint = f"Did you mean {near!r}?" if near else "'warroom do' lists them."
        raise click.UsageError(f"There is no action {name!r}. {hint}")
    if spec.screen:
        raise click.UsageError(f"{name!r} moves the screen; 'warroom do' lists what can be done without it.")
    return spec


def _arguments(spec: ActionSpec, given: Sequence[str]) -> dict[str, object]:
    """Arguments by name, checked by the desk's own rules; a wrong one is wrong usage."""
    from console.desk.arguments import check_arguments

    kinds = {arg.name: arg.type for arg in spec.args}
    out: dict[str, object] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise click.UsageError(f"--arg is NAME=VALUE, not {text!r}.")
        if kinds.get(name) in (ArgType.PARAMS, ArgType.KEYS):
            before = out.setdefault(name, [])
            assert isinstance(before, list)
            before.append(value)
        elif name in out:
            raise click.UsageError(f"--arg {name} is given twice.")
        else:
            out[name] = value
    try:
        return check_arguments(spec, out)
    except Refused as error:
        hint = f" {error.next[0].upper()}{error.next[1:]}." if error.next else ""
        raise click.UsageError(f"{error.what}.{hint}".replace("?.", "?")) from None


def _confirmed(preview: Preview, *, yes: bool, target: str, ask: bool) -> bool:
    """Whether the operator wants what the preview shows, as firmly as its risk demands."""
    if preview.tier < 2:
        return True
    if preview.tier == 2 and yes:
        return True
    if preview.tier > 2 and target:
        return target == preview.target
    if not ask:
        return False
    _show(preview)
    if preview.tier == 2:
        return click.confirm("Do it", default=False, err=True)
    typed = click.prompt("Type the target's name to do it", default="", show_default=False, err=True)
    return bool(preview.target) and str(typed) == preview.target


def _show(preview: Preview) -> None:
    """A preview, a line each, on standard error."""
    lines = [
        f"{preview.title}  ({preview.tier.label})",
        f"  call     {preview.call}",
        f"  target   {preview.target}{f' in {preview.environment}' if preview.environment else ''}",
        *(f"  touches  {line}" for line in preview.blast),
        *(f"           {line}" for line in preview.sample),
        f"  undo     {preview.undo or 'there is no way back'}",
    ]
    if preview.warning:
        lines.append(f"  !        {preview.warning}")
    for line in lines:
        say(line, err=True)


def _tell(reply: Reply, as_json: bool) -> None:
    if as_json:
        say_json(reply)
        return
    if reply.preview is not None:
        _show(reply.preview)
    say(reply.text if reply.ok else f"warroom: {reply.text}", err=not reply.ok)
    if reply.undo is not None:
        say(f"undo: {reply.undo.words}")
    if reply.next:
        say(f"next: {reply.next}", err=not reply.ok)


def _tell_unconfirmed(reply: Reply, as_json: bool) -> None:
    preview = reply.preview
    assert preview is not None
    if as_json:
        say_json(reply)
    elif not sys.stdin.isatty():
        _show(preview)
    say("warroom: not done: it was not confirmed", err=True)
    wanted = "--yes" if preview.tier == 2 else f"--target {preview.target!r}"
    say(f"next: look at what it does, then add {wanted}", err=True)


def _code(reply: Reply) -> int:
    """The exit code of a reply that is not well; ``data['error']`` names the error's class where the desk tells it."""
    if reply.preview is not None:
        return Exit.REFUSED
    return code_named(str(reply.data.get("error", "")))


def _list(as_json: bool) -> None:
    specs = [spec for spec in ACTIONS if not spec.screen]
    if as_json:
        say_json(specs)
        return
    rows = []
    for spec in specs:
        arguments = " ".join(a.name if a.required else f"[{a.name}]" for a in spec.args)
        rows.append((spec.id, spec.tier.label, arguments, spec.help))
    say_table(("ACTION", "RISK", "ARGUMENTS", "WHAT IT DOES"), rows)
