"""The same for several nodes at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

WORKERS = 64  # nodes at the same time: they mostly wait


def parallel(work: Callable, items: Iterable) -> list:
    """The results of `work(item)`, in order; the first error is raised.

    >>> parallel(len, ["node1", "gw"])
    [5, 2]
    """
    items = list(items)
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(WORKERS, len(items))) as pool:
        return list(pool.map(work, items))
