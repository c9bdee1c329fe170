"""`getenforce` and `sestatus`: SELinux as it is now, and as it will be after a boot (document Step 3)."""

from __future__ import annotations

from rdokit.errors import ParseError


def getenforce(text: str, *, tool: str = "getenforce") -> str:
    """enforcing, permissive or disabled.

    Raises:
        ParseError: another word.

    >>> getenforce("Permissive\\n")
    'permissive'
    """
    word = text.strip().lower()
    if word not in ("enforcing", "permissive", "disabled"):
        raise ParseError("Enforcing, Permissive or Disabled expected", tool, 1, text.partition("\n")[0])
    return word


def sestatus(text: str, *, tool: str = "sestatus") -> dict[str, str]:
    """The fields of sestatus by their printed names; "SELinux status" is always one.

    Raises:
        ParseError: a line without a colon, or no status.

    >>> sestatus("SELinux status:        enabled\\nCurrent mode:          permissive\\n")["Current mode"]
    'permissive'
    """
    found = {}
    for number, line in enumerate(text.split("\n"), 1):
        name, colon, value = line.partition(":")
        if colon:
            found[name.strip()] = value.strip()
        elif line.strip():
            raise ParseError("`name: value` expected", tool, number, line)
    if "SELinux status" not in found:
        raise ParseError("no line `SELinux status`", tool)
    return found
