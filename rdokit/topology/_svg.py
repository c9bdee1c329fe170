"""Pieces of SVG: presentation attributes only, every text escaped, no style sheet and no script.

GitHub and nbconvert strip style sheets; what is left must look the same.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape

FONT = "Noto Sans CJK JP, Noto Sans JP, Hiragino Sans, Yu Gothic, Meiryo, DejaVu Sans, Helvetica, Arial, sans-serif"
INK, SOFT, LINE, RED, AMBER = "#1f2a37", "#5b6b7c", "#c3cedb", "#c62828", "#b26a00"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: object) -> str:
    """Escaped for element text and attribute values; characters that XML does not have become U+FFFD.

    >>> clean("<a> & \\x00")
    '&lt;a&gt; &amp; \ufffd'
    """
    return escape(_NOT_XML.sub("\ufffd", str(text)), quote=True)


def width(text: str, size: float) -> float:
    """About how wide a text is, in pixels: East Asian wide characters take one em, thin ones a third."""
    return sum(_ems(char) for char in text) * size


def _ems(char: str) -> float:
    if char in ".,:;'|ilj ":
        return 0.33
    wide = {"W": 1.0, "F": 1.0, "A": 0.8}.get(unicodedata.east_asian_width(char))
    return wide or (0.7 if char.isupper() else 0.6)


def fitted(text: str, size: float, room: float) -> str:
    """The text, shortened with … when it does not fit."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text + "…"


def wrapped(text: str, size: float, room: float) -> list[str]:
    """Lines that fit, broken at blanks, and inside a word (or between Japanese characters) when none is near."""
    lines = [""]
    for word in re.findall(r"\S+\s*", text):
        if lines[-1] and width(lines[-1] + word.rstrip(), size) > room:
            lines.append("")
        while width(word, size) > room:
            cut = len(fitted(word, size, room)) - 1
            lines[-1] += word[: max(cut, 1)]
            word = word[max(cut, 1) :]
            lines.append("")
        lines[-1] += word
    return [line.rstrip() for line in lines if line.strip()]


def attributes(values: dict[str, object]) -> str:
    return "".join(f' {name.replace("_", "-")}="{clean(_number(value))}"' for name, value in values.items()
                   if value is not None)  # fmt: skip


def _number(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


def text(x: float, y: float, words: str, size: float = 12, fill: str = INK, **more: object) -> str:
    return f"<text{attributes({'x': x, 'y': y, 'font-size': size, 'fill': fill, **more})}>{clean(words)}</text>"


def rect(x: float, y: float, w: float, h: float, fill: str, stroke: str | None = None, **more: object) -> str:
    return f"<rect{attributes({'x': x, 'y': y, 'width': w, 'height': h, 'fill': fill, 'stroke': stroke, **more})}/>"


def circle(x: float, y: float, r: float, fill: str, stroke: str | None = None, **more: object) -> str:
    return f"<circle{attributes({'cx': x, 'cy': y, 'r': r, 'fill': fill, 'stroke': stroke, **more})}/>"


def path(d: str, stroke: str, thick: float = 1.6, dash: str | None = None) -> str:
    values = {"d": d, "fill": "none", "stroke": stroke, "stroke-width": thick, "stroke-dasharray": dash,
              "stroke-linecap": "round", "stroke-linejoin": "round"}  # fmt: skip
    return f"<path{attributes(values)}/>"


def document(w: float, h: float, title: str, description: str, body: list[str]) -> str:
    """The whole picture on white, readable when printed and on a dark page."""
    head = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {w:g} {h:g}", "width": f"{w:g}",
            "height": f"{h:g}", "role": "img", "font-family": FONT}  # fmt: skip
    opening = f"<svg{attributes(head)}><title>{clean(title)}</title><desc>{clean(description)}</desc>"
    return "\n".join([opening, rect(0, 0, w, h, "#ffffff"), *body, "</svg>"]) + "\n"
