"""`/proc/cpuinfo`: cores and whether they can run KVM (document Steps 0 and 14)."""

from __future__ import annotations

from rdokit.errors import ParseError

TOOL = "/proc/cpuinfo"


def parse(text: str, *, tool: str = TOOL) -> list[dict]:
    """One {processor, model, virtualization} per logical CPU; virtualization is vmx (Intel), svm (AMD) or "".

    Raises:
        ParseError: a line without a colon, or no processor.

    >>> parse("processor\\t: 0\\nmodel name\\t: Intel(R) Xeon(R)\\nflags\\t\\t: fpu vmx sse\\n")
    [{'processor': 0, 'model': 'Intel(R) Xeon(R)', 'virtualization': 'vmx'}]
    """
    rows: list[dict] = []
    for number, line in enumerate(text.split("\n"), 1):
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        if not line.strip():
            continue
        if not colon or (not rows and name != "processor"):
            raise ParseError("`name : value`, beginning with processor, expected", tool, number, line)
        if name == "processor":
            rows.append({"processor": int(value), "model": "", "virtualization": ""})
        elif name == "model name":
            rows[-1]["model"] = value
        elif name == "flags":
            rows[-1]["virtualization"] = next((flag for flag in ("vmx", "svm") if flag in value.split()), "")
    if not rows:
        raise ParseError("no processor", tool)
    return rows
