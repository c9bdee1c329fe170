"""Which passwords the document's tools carry unharmed, found out before any node is touched.

packstack writes the admin password bare into its answer file (trailing blanks and ` ;` are cut off there),
into Puppet manifests between quotes, and bare into keystonerc_admin, which the shell reads again. What would
arrive as another password is refused with its reason; the value itself is never in the text.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from .errors import ParameterError, SecretError
from .references import resolve
from .site import Site

ADMIN = re.compile(r"[A-Za-z0-9_.,:/@%+=^!#-]")


def fault(field: str, value: str) -> str:
    """Why a password cannot be used for what a field is; "" when it can.

    >>> fault("admin_password", "correct horse")[:46]
    "admin_password: holds ' ', which packstack wou"
    >>> fault("admin_password", "a=b%c#d"), fault("nodes.node1.ssh.password", "correct horse")
    ('', '')
    """
    if re.search(r"[\x00-\x1f\x7f]", value):
        return f"{field}: holds a line break or another control character. Choose another one."
    if field == "admin_password" and (odd := sorted(set(ADMIN.sub("", value)))):
        return (f"{field}: holds {', '.join(map(repr, odd[:5]))}, which packstack would not carry unharmed through its "
                "answer file, Puppet and keystonerc_admin. Use letters, digits and _ . , : / @ % + = ^ ! # -.")
    if field.startswith("users.") and value.startswith("-"):
        return f"{field}: starts with a dash, which keystone takes for an option. Choose another one."
    return ""


def check(site: Site, folder: Path) -> None:
    """Refuse passwords that their use would mangle; those that are asked for, or not there yet, wait.

    Args:
        folder: the folder of the site file.

    Raises:
        ParameterError: which ones, and why.
    """
    fields = {"admin_password": site.admin_password,
              **{f"users.{user.name}.password": user.password for user in site.users}}
    faults = []
    for field, reference in fields.items():
        with contextlib.suppress(SecretError):
            faults += [fault(field, "" if reference == "ask" else resolve(reference, folder).reveal())]
    if faults := [one for one in faults if one]:
        raise ParameterError(faults, source="secrets")
