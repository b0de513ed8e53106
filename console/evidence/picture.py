"""The screen as a picture: SVG that shows nothing secret, asks for nothing elsewhere, and can be read as text again."""

from __future__ import annotations

import re
from itertools import zip_longest
from xml.etree import ElementTree as Tree

from console.errors import Refused
from console.secret import MASK, Redactor

SVG = "http://www.w3.org/2000/svg"
CELL = 12.2
"""Width of a cell in such a picture: 20 high, 0.61 as wide."""
_SHAPES = frozenset({"svg", "style", "defs", "clipPath", "rect", "text", "g", "circle"})
_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
_ELSEWHERE = re.compile(r"(?i)url\(\s*['\"]?(?!#)|@import|https?:")

Tree.register_namespace("", SVG)


def safe(svg: str, redact: Redactor) -> str:
    """The picture without secrets, web fonts and comments; ``Refused`` if it is no picture of a screen."""
    root = _read(svg)
    for element in root.iter():
        _check(element)
    rows = _rows(root)
    before = [_line(row) for row in rows]
    _hide(rows, before, redact)
    for element in root.iter(f"{{{SVG}}}text"):
        if element.text and "clip-path" not in element.attrib:
            element.text = redact.text(element.text)
    return Tree.tostring(root, encoding="unicode") + "\n"


def lines(svg: str) -> list[str]:
    """What such a picture says, line by line."""
    return [_line(row).rstrip() for row in _rows(_read(svg))]


def _read(svg: str) -> Tree.Element:
    if re.search(r"(?i)<!(?:doctype|entity)", svg):
        raise Refused("this is no picture of a screen", next="file it from the console's own screen")
    try:
        root = Tree.fromstring(svg)  # noqa: S314 - without a doctype there are no entities to expand
    except Tree.ParseError as error:
        raise Refused(f"this is no picture: {error}", next="file it from the console's own screen") from None
    if root.tag != f"{{{SVG}}}svg":
        raise Refused("this is no picture of a screen", next="file it from the console's own screen")
    return root


def _check(element: Tree.Element) -> None:
    """Only what a picture of a terminal is made of; web fonts are let go of, the reader's own take their place."""
    name = element.tag.rpartition("}")[2]
    if name == "style" and element.text:
        element.text = _FACE.sub("", element.text)
    style = element.text or "" if name == "style" else ""
    attributes = element.attrib
    odd = any(key.rpartition("}")[2] == "href" or key.startswith("on") for key in attributes)
    if name not in _SHAPES or odd or _ELSEWHERE.search(style) or any(map(_ELSEWHERE.search, attributes.values())):
        raise Refused(f"this is no picture of a screen: it has {name} in it", next="file it from the console's screen")


def _rows(root: Tree.Element) -> list[list[Tree.Element]]:
    """Texts on the terminal by line, from the left; lines without text are there too."""
    found: dict[int, list[Tree.Element]] = {}
    for element in root.iter(f"{{{SVG}}}text"):
        number = re.search(r"-line-(\d{1,4})\)", element.get("clip-path", ""))
        if number:
            found.setdefault(int(number[1]), []).append(element)
    return [sorted(found.get(n, ()), key=_x) for n in range(max(found, default=-1) + 1)]


def _x(element: Tree.Element) -> float:
    try:
        return float(element.get("x", "0"))
    except ValueError:
        return 0.0


def _line(row: list[Tree.Element]) -> str:
    out = ""
    for element in row:
        out += " " * (round(_x(element) / CELL) - len(out)) + (element.text or "").replace("\xa0", " ").replace(
            "\n", ""
        )
    return out


def _hide(rows: list[list[Tree.Element]], before: list[str], redact: Redactor) -> None:
    """Lines with a secret are drawn anew without it, and lose their colours; what a key goes over is blank."""
    after = redact.text("\n".join(before)).split("\n")
    if after == before:
        return
    if len(after) != len(before):
        same = next(n for n, pair in enumerate(zip_longest(before, after)) if pair[0] != pair[1])
        tail = next(n for n, pair in enumerate(zip_longest(reversed(before), reversed(after))) if pair[0] != pair[1])
        hidden = len(before) - same - tail
        after = [*before[:same], MASK, *[""] * (hidden - 1), *before[same + hidden :]]
        after = [redact.text(line) for line in after]
    for row, old, line in zip(rows, before, after, strict=True):
        if old != line and row:
            first, *rest = row
            first.text = line.replace(" ", "\xa0")
            first.set("x", "0")
            first.attrib.pop("textLength", None)
            for element in rest:
                element.text = ""
                element.attrib.pop("textLength", None)
