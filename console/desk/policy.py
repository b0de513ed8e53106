"""What the desk demands of each risk: one table of rules, and the binding of a confirmation to what was shown."""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256

import msgspec
from msgspec import Struct, field

from console.errors import PolicyRefused
from console.model.action import Preview, Tier


class Confirm(StrEnum):
    """What the operator does before it happens."""

    NONE = "none"
    KEY = "key"
    """One screen that shows exactly what will happen, then ``y``."""
    TYPED = "typed"
    """The same, and the target's name typed."""


class Rule(Struct, frozen=True):
    """What one risk tier demands."""

    confirm: Confirm
    roles: tuple[str, ...] = ()
    """Who may: holders of these roles where the incident has an Incident Commander; ``()`` = any operator."""
    second: bool = False
    """A second person should agree; without one the entry ``self_approved`` says so and is countersigned later."""


RULES: dict[Tier, Rule] = {
    Tier.R0: Rule(Confirm.NONE),
    Tier.R1: Rule(Confirm.NONE),
    Tier.R2: Rule(Confirm.KEY, ("ic", "ops")),
    Tier.R3: Rule(Confirm.TYPED, ("ic", "ops"), second=True),
}


class Policy(Struct, frozen=True):
    """The desk's rules as data."""

    read_only: bool = False
    """Refuses every effect outside and every decision in the journal."""
    strict: bool = False
    """Roles are demanded; otherwise who lacks one is only told so before confirming."""
    rules: dict[Tier, Rule] = field(default_factory=lambda: dict(RULES))

    def rule(self, tier: Tier) -> Rule:
        """The rule of a tier; a tier that the table leaves out is held to the strictest."""
        return self.rules.get(tier, RULES[Tier.R3])

    def needs_confirmation(self, tier: Tier) -> Confirm:
        """What must be done before an action of this tier."""
        return self.rule(tier).confirm

    def check_writable(self, words: str) -> None:
        """Refuse in read-only mode; ``words`` say what was asked."""
        if self.read_only:
            raise PolicyRefused(
                f"this console is read-only: {words} was not done",
                next="start warroom without --read-only to act",
            )

    def check_isolated(self, words: str, why: str, *, drill: bool) -> None:
        """Refuse, in a drill, whatever reaches beyond its world; ``why`` says how it would, ``""`` = it does not."""
        if drill and why:
            raise PolicyRefused(
                f"this is a drill: {words} was not run, for it is a real command and {why}",
                next="say what you would do, as the reason of a skip",
            )

    def lacking(self, tier: Tier, who: str, roles: dict[str, str]) -> str:
        """Why somebody should not do this, ``""`` = nothing speaks against it.

        Without an Incident Commander nobody can hold the other roles by right, so anyone may act.
        """
        wanted = self.rule(tier).roles
        if not wanted or not roles.get("ic") or any(roles.get(role) == who for role in wanted):
            return ""
        holders = ", ".join(f"{role} {roles[role]}" for role in wanted if roles.get(role))
        return f"{tier.label} is for {' or '.join(wanted)} ({holders})"

    def check_roles(self, tier: Tier, who: str, roles: dict[str, str]) -> None:
        """Refuse who lacks the role, where the policy is strict."""
        lacking = self.lacking(tier, who, roles) if self.strict else ""
        if lacking:
            raise PolicyRefused(f"not done: {lacking}", next="ask them, or take command")


def digest(preview: Preview) -> str:
    """What a confirmation is bound to: call, target, environment, tier, way back, SHA-256 in 16 hex digits.

    Counts, samples and warnings are left out: in a storm they change every second, and what happens does not.
    A preview that carries a digest of its own keeps it.
    """
    if preview.digest:
        return preview.digest
    facts = (preview.call, preview.target, preview.environment, int(preview.tier), preview.undo)
    return sha256(msgspec.json.encode(facts)).hexdigest()[:16]


def bound(preview: Preview) -> Preview:
    """The preview with its digest filled in."""
    return msgspec.structs.replace(preview, digest=digest(preview))


def check_digest(confirmed: str, preview: Preview) -> None:
    """Refuse if what would happen is not what was confirmed; ``""`` = nothing was confirmed."""
    if confirmed and confirmed != digest(preview):
        raise PolicyRefused(
            f"not done: {preview.target or preview.title} has changed since you were asked",
            next="look at it again and confirm what is shown",
        )
