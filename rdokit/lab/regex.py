"""POSIX regular expressions in Python's spelling: what grep, sed, awk, expr and less accept.

>>> translate("a\\\\+[[:digit:]]\\\\{2\\\\}(x)", extended=False)
'a+[0-9]{2}\\\\(x\\\\)'
>>> translate("a+(b|c){2}", extended=True)
'a+(b|c){2}'
"""

from __future__ import annotations

import re

CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r" \t\n\r\f\v",
    "blank": r" \t", "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f", "cntrl": r"\x00-\x1f\x7f", "print": r"\x20-\x7e",
    "graph": r"\x21-\x7e",
}  # fmt: skip


class RegexError(ValueError):
    """A pattern that the C library refuses; the text is its reason."""


def bracket(source: str, at: int) -> tuple[str, int]:
    """The class that starts at `[`, and the position behind it."""
    pos, out = at + 1, "["
    if source[pos : pos + 1] == "^":
        out, pos = out + "^", pos + 1
    first = True
    while pos < len(source):
        char = source[pos]
        if char == "]" and not first:
            return out + "]", pos + 1
        first = False
        if source.startswith("[:", pos):
            end = source.find(":]", pos)
            name = source[pos + 2 : end] if end > 0 else ""
            if name not in CLASSES:
                raise RegexError("Invalid character class name")
            out += CLASSES[name]
            pos = end + 2
            continue
        if source.startswith(("[.", "[="), pos):
            end = source.find(source[pos + 1] + "]", pos + 2)
            out += re.escape(source[pos + 2 : end])
            pos = end + 2
            continue
        out += "\\" + char if char in "[\\&~|^" else char
        pos += 1
    raise RegexError("Unmatched [ or [^")


def translate(source: str, extended: bool, multiline: bool = False) -> str:
    """A pattern for `re`.

    Raises:
        RegexError: with glibc's reason.
    """
    out: list[str] = []
    pos, depth, can_repeat = 0, 0, False
    while pos < len(source):
        char = source[pos]
        if char == "[":
            text, pos = bracket(source, pos)
            out.append(text)
            can_repeat = True
            continue
        special = char
        if char == "\\":
            if pos + 1 >= len(source):
                raise RegexError("Trailing backslash")
            follow = source[pos + 1]
            pos += 2
            if follow in "(){}+?|" and not extended:
                special = follow
            elif follow in "(){}+?|.*[]^$\\/" or (follow in "(){}+?|" and extended):
                out.append(re.escape(follow))
                can_repeat = True
                continue
            elif follow == "<":
                out.append(r"\b(?=\w)")
                continue
            elif follow == ">":
                out.append(r"\b(?<=\w)")
                continue
            elif follow in "wWsSbB":
                out.append("\\" + follow)
                can_repeat = follow not in "bB"
                continue
            elif follow == "`":
                out.append(r"\A")
                continue
            elif follow == "'":
                out.append(r"\Z")
                continue
            elif follow.isdigit():
                out.append(f"(?:\\{follow})")
                can_repeat = True
                continue
            elif follow == "n":
                out.append("\\n")
                can_repeat = True
                continue
            elif follow == "t":
                out.append("\\t")
                can_repeat = True
                continue
            else:
                out.append(re.escape(follow))
                can_repeat = True
                continue
        else:
            pos += 1
            if not extended and char in "(){}+?|":
                out.append(re.escape(char))
                can_repeat = True
                continue
        if special == "(":
            depth += 1
            out.append("(")
            can_repeat = False
        elif special == ")":
            if depth == 0:
                if extended:
                    out.append(r"\)")
                    can_repeat = True
                    continue
                raise RegexError("Unmatched ) or \\)")
            depth -= 1
            out.append(")")
            can_repeat = True
        elif special == "|":
            out.append("|")
            can_repeat = False
        elif special in "*+?":
            if not can_repeat:
                if special == "*" or not extended:
                    out.append(re.escape(special))
                    can_repeat = True
                continue
            if out and out[-1] in ("*", "+", "?"):
                if out[-1] != special:
                    out[-1] = "*"
                continue
            out.append(special)
        elif special == "{":
            match = re.compile(r"(\d*)(,?)(\d*)" + (r"\}" if extended else r"\\\}")).match(source, pos)
            if not match or not (match[1] or match[2]):
                if extended:
                    out.append(r"\{")
                    can_repeat = True
                    continue
                raise RegexError("Unmatched \\{" if "\\}" not in source[pos:] else "Invalid content of \\{\\}")
            if not can_repeat:
                raise RegexError("Invalid preceding regular expression")
            out.append("{" + (match[1] or "0") + match[2] + match[3] + "}")
            pos = match.end()
        elif special == "}":
            out.append(r"\}")
            can_repeat = True
        elif char == "^":
            anchor = extended or not out or out[-1] in ("(", "|") or pos == 1
            out.append("^" if anchor else r"\^")
            can_repeat = not anchor
        elif char == "$":
            rest = source[pos:]
            anchor = extended or not rest or rest.startswith(("\\)", "\\|"))
            out.append(("$" if multiline else r"\Z") if anchor else r"\$")
            can_repeat = not anchor
        elif char == ".":
            out.append(".")
            can_repeat = True
        else:
            out.append(re.escape(char) if char in "#&~- " else char)
            can_repeat = True
    if depth:
        raise RegexError("Unmatched ( or \\(")
    return "".join(out)


def compile_posix(
    source: str, extended: bool = False, ignore_case: bool = False, multiline: bool = False
) -> re.Pattern[str]:
    """Compile for text without a final newline."""
    flags = (re.I if ignore_case else 0) | (re.M if multiline else 0)
    try:
        return re.compile(translate(source, extended, multiline), flags)
    except re.error as err:
        raise RegexError(f"Invalid regular expression ({err})") from None
