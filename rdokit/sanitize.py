"""HTML and SVG of notebooks made harmless: only known tags, attributes and values are written again.

What a hostile node prints can end up in a table. Everything here is parsed and written anew, so a
browser cannot read it in another way than we did: text is escaped, what is not on a list is dropped.
"""

# ruff: noqa: SIM905 - lists of names read better as text

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from .shell import plain

TEXT_TAGS = frozenset("""table thead tbody tfoot tr th td caption colgroup col div span p pre code b i em strong small
    br hr ul ol li dl dt dd h1 h2 h3 h4 h5 h6 blockquote sub sup del ins mark samp kbd details summary""".split())
SVG_TAGS = frozenset("""svg g path rect circle ellipse line polyline polygon text tspan title desc defs marker
    linearGradient stop""".split())
VOID = frozenset({"br", "hr", "col"})
SWALLOWED = frozenset("script style iframe object embed template noscript textarea select button form head".split())
TEXT_ATTRIBUTES = frozenset("colspan rowspan title scope start align valign open".split())
SVG_ATTRIBUTES = frozenset("""x y x1 y1 x2 y2 cx cy r rx ry dx dy width height viewBox preserveAspectRatio d points
    transform fill fill-opacity fill-rule stroke stroke-width stroke-dasharray stroke-linecap stroke-linejoin
    stroke-opacity opacity font-family font-size font-weight font-style text-anchor dominant-baseline
    alignment-baseline letter-spacing textLength lengthAdjust marker-start marker-mid marker-end markerWidth
    markerHeight markerUnits orient refX refY id offset stop-color role aria-label xmlns""".split())
CASE = {name.lower(): name for name in SVG_TAGS | SVG_ATTRIBUTES}
STYLES = re.compile(r"^(color|background(-color)?|font-(weight|style|family|size)|text-(align|decoration)|white-space"
                    r"|(margin|padding|border)(-\w+)*|width|max-width|vertical-align|display)$")
SAFE_STYLE = re.compile(r"^[\w\s#.,%'\"()+-]*$")
SAFE_VALUE = re.compile(r"^(?!.*(?:javascript|data|vbscript)\s*:)(?!.*url\(\s*['\"]?(?!#)).*$",
                        re.IGNORECASE | re.DOTALL)


class _Rewriter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.open: list[str] = []
        self.swallowing = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SWALLOWED:
            self.swallowing += 1
            return
        name = CASE.get(tag, tag)
        in_svg = "svg" in self.open or tag == "svg"
        if self.swallowing or name not in (SVG_TAGS if in_svg else TEXT_TAGS):
            return
        allowed = SVG_ATTRIBUTES if in_svg else TEXT_ATTRIBUTES
        self.out.append(f"<{name}{''.join(_attribute(n, v or '', allowed) for n, v in attrs)}>")
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in SWALLOWED:
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in SWALLOWED:
            self.swallowing = max(self.swallowing - 1, 0)
            return
        name = CASE.get(tag, tag)
        if self.swallowing or name not in self.open:
            return
        while self.open:
            last = self.open.pop()
            self.out.append(f"</{last}>")
            if last == name:
                break

    def handle_data(self, data: str) -> None:
        if not self.swallowing:
            self.out.append(html.escape(plain(data)))

    def result(self) -> str:
        self.close()
        return "".join(self.out) + "".join(f"</{name}>" for name in reversed(self.open))


def _attribute(name: str, value: str, allowed: frozenset[str]) -> str:
    name, value = CASE.get(name, name), plain(value)
    if name == "style":
        value = "; ".join(part.strip() for part in value.split(";") if _safe_style(part))
        return f' style="{html.escape(value)}"' if value else ""
    if name not in allowed or not SAFE_VALUE.match(value):
        return ""
    return f' {name}="{html.escape(value)}"'


def _safe_style(part: str) -> bool:
    name, _, value = part.partition(":")
    return bool(STYLES.match(name.strip().lower()) and SAFE_STYLE.match(value)
                and not re.search(r"url|expression", value, re.IGNORECASE))


def sanitize(text: str) -> str:
    """The harmless part of a piece of HTML or SVG, well-formed.

    >>> sanitize('<b onclick=x()>up</b><script>alert(1)</script><img src=x onerror=y>')
    '<b>up</b>'
    >>> sanitize('<table><tr><td style="text-align: right; position: fixed">1</table>')
    '<table><tr><td style="text-align: right">1</td></tr></table>'
    """
    rewriter = _Rewriter()
    rewriter.feed(text)
    return rewriter.result()
