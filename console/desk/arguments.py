"""Arguments of an action, checked against the action table before anybody acts on them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from console.actions import ActionSpec, Arg, ArgType
from console.errors import Refused
from console.text import clean, clean_lines, nearest

LONGEST_S = 30 * 86_400
TEXT = 16_000
"""Longest text, characters."""
PICTURE = 8_000_000
"""Largest picture, characters: a terminal of 400×120 in full colour has about 4 MB."""
_DURATION = re.compile(r"(\d{1,9})\s*([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_YES_NO = {"true": "yes", "on": "yes", "y": "yes", "1": "yes", "false": "no", "off": "no", "n": "no", "0": "no"}
_ALWAYS = ("incident",)
"""Any action may say which incident it belongs to."""


def parse_duration(value: object) -> int:
    """Seconds of ``90s``, ``15m``, ``2h`` or ``1d``, or of a plain number of seconds; from 1 s to 30 d."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = int(value)
    else:
        match = _DURATION.fullmatch(str(value).strip().lower())
        if match is None:
            raise Refused(f"{clean(str(value), 40)!r} is not a duration", next="say 90s, 15m, 2h or 1d")
        seconds = int(match[1]) * _SECONDS[match[2]]
    if not 0 < seconds <= LONGEST_S:
        raise Refused(f"{clean(str(value), 40)} is out of range", next="from 1s to 30d")
    return seconds


def check_arguments(spec: ActionSpec, given: Mapping[str, object]) -> dict[str, object]:
    """The arguments as handlers get them; raises ``Refused`` for the first that is wrong.

    Text is cleaned; keys are a list; parameters a dict; a choice has the table's spelling; a duration keeps its
    words (``parse_duration`` tells its seconds). What was not given is absent.
    """
    known = {arg.name: arg for arg in spec.args}
    out: dict[str, object] = {}
    for name, value in given.items():
        arg = known.get(name)
        if arg is None and name not in _ALWAYS:
            near = nearest(name, known)
            raise Refused(f"{spec.id} knows no {clean(name, 40)!r}", next=f"did you mean {near!r}?" if near else "")
        if value is not None:
            out[name] = _CHECKS[arg.type if arg else ArgType.TEXT](arg or Arg(name), value)
    for arg in spec.args:
        if arg.required and not out.get(arg.name):
            raise Refused(f"{spec.verb} needs {arg.name}", next=arg.help or f"give {arg.name}")
    return out


def _text(arg: Arg, value: object) -> str:
    if not isinstance(value, str):
        raise Refused(f"{arg.name} is to be text")
    if len(value) > TEXT:
        raise Refused(f"{arg.name} is longer than {TEXT} characters", next="keep the rest in a file and name it")
    return "\n".join(clean_lines(value)).strip()


def _picture(arg: Arg, value: object) -> str:
    """As it is: whoever takes it looks at what it is made of."""
    if not isinstance(value, str) or not value.lstrip().startswith("<svg"):
        raise Refused(f"{arg.name} is to be an SVG picture of the screen")
    if len(value) > PICTURE:
        raise Refused(f"{arg.name} is larger than {PICTURE // 1_000_000} MB")
    return value


def _keys(arg: Arg, value: object) -> list[str]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    if not isinstance(value, list | tuple):
        raise Refused(f"{arg.name} is to be a list of keys")
    return list(dict.fromkeys(clean(str(key)) for key in value if str(key)))


def _duration(arg: Arg, value: object) -> object:
    if value == "" and not arg.required:
        return ""
    parse_duration(value)
    return value.strip() if isinstance(value, str) else value


def _choice(arg: Arg, value: object) -> str:
    wanted = str(value).strip()
    choices = [choice for choice in arg.choices if choice]
    asked = wanted.lower().replace(" ", "_")
    asked = _YES_NO.get(asked, asked) if choices == ["yes", "no"] else asked
    for choice in arg.choices:
        if choice.lower() == asked:
            return choice
    if not wanted and not arg.required:
        return ""
    near = nearest(wanted, choices) if len(choices) > 2 else ""
    hint = f"did you mean {near}?" if near else f"say {arg.name}={choices[0]}: {arg.help}" if arg.help else ""
    *others, last = choices
    raise Refused(f"{arg.name} is {', '.join(others)} or {last}, not {clean(wanted, 40)!r}", next=hint)


def _params(arg: Arg, value: object) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {clean(str(name), 100): clean(str(item)) for name, item in value.items()}
    parts: Iterable[object] = value if isinstance(value, list | tuple) else str(value).split(",")
    out = {}
    for part in parts:
        name, sign, item = str(part).partition("=")
        if not str(part).strip():
            continue
        if not sign or not name.strip():
            raise Refused(f"{clean(str(part), 60)!r} is no parameter", next="say name=value")
        out[clean(name.strip(), 100)] = clean(item.strip())
    return out


_CHECKS = {
    ArgType.TEXT: _text,
    ArgType.KEYS: _keys,
    ArgType.DURATION: _duration,
    ArgType.CHOICE: _choice,
    ArgType.PARAMS: _params,
    ArgType.PICTURE: _picture,
}
