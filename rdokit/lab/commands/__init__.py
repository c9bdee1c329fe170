"""One file per command or family of commands; importing this package registers them all."""

import importlib
import pkgutil


def load() -> None:
    """Import every module of this package, so that its commands are in `process.REGISTRY`."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
