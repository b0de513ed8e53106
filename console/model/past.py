"""The past tense of what was intended: ``silence 37 alerts`` becomes ``silenced 37 alerts`` once it is done."""

from __future__ import annotations

_IRREGULAR = {
    "begin": "began", "cut": "cut", "do": "did", "drop": "dropped", "find": "found", "freeze": "froze", "get": "got",
    "give": "gave", "let": "let", "make": "made", "pin": "pinned", "put": "put", "run": "ran", "scan": "scanned",
    "send": "sent", "set": "set", "shut": "shut", "stop": "stopped", "take": "took", "tell": "told", "undo": "undid",
    "skip": "skipped", "withdraw": "withdrew", "write": "wrote",
}  # fmt: skip
_VERBS = """
    acknowledge add apply ask block cancel change check clear close collect cordon create delete deploy disable drain
    enable end escalate evict expire export extend fail flush import increase invite isolate join kill lower mark merge
    move open page patch post promote publish purge quarantine raise reboot record reduce release reload remove renew
    reopen replace request resolve restart restore resume return revert revoke roll rotate scale silence start suspend
    switch throttle trigger un-acknowledge uncordon unblock update verify warm"""
_REGULAR = frozenset(_VERBS.split())


def past(words: str) -> str:
    """The words with their first verb in the past tense; words that begin otherwise stay as they are."""
    head, _, rest = words.partition(" ")
    low = head.lower()
    done = _IRREGULAR.get(low) or (_regular(low) if low in _REGULAR else "")
    if not done:
        return words
    if head[:1].isupper():
        done = done.capitalize()
    return f"{done} {rest}" if rest else done


def _regular(verb: str) -> str:
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + "ed"
