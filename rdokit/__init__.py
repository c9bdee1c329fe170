"""rdokit: a runbook kit for OpenStack Havana with RDO/Packstack.

A notebook needs these names and no others::

    import rdokit
    from rdokit import cmd, edit, havana

    kit = rdokit.connect(site, overrides, plan_only=plan_only)
"""

from importlib import import_module

__version__ = "0.1.0"
__all__ = ["cmd", "connect", "edit", "havana", "site_form", "topology", "wanted"]

_WHERE = {"connect": "kit", "cmd": "shell", "site_form": "forms", "wanted": "picture"}


def __getattr__(name: str):
    # Imported when first used: `rdokit --help` and the parsers need neither pandas nor paramiko.
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    if name in ("edit", "havana", "topology"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
