"""What the services of the simulated cloud answer when they refuse.

The servers raise these; each client words them in its own way.
"""

from __future__ import annotations


class ApiError(Exception):
    """An HTTP error answer of a service.

    Args:
        status: HTTP status, e.g. 409.
        message: the sentence for the user (of keystone, nova, cinder; for neutron see `kind`).
        kind: neutron's error type, e.g. "SubnetInUse"; "" when the body is a bare sentence.
        detail: neutron's detail, nearly always "".
    """

    def __init__(self, status: int, message: str = "", kind: str = "", detail: str = ""):
        super().__init__(message)
        self.status, self.message, self.kind, self.detail = status, message, kind, detail


class Unreachable(Exception):
    """No HTTP answer at all.

    Args:
        reason: "refused" (nothing listens), "unresolved" (no such host name),
            "noroute" (no such host), "url" (not an absolute http URL).
        url: what was tried.
    """

    def __init__(self, reason: str, url: str):
        super().__init__(f"{reason}: {url}")
        self.reason, self.url = reason, url
