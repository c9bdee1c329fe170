"""What every phase imports, imported while the phase before still works: half a second saved a notebook.

The runner lets a kernel import this at its start. Nothing is put into the notebook's names, and a
module that fails here fails again, visibly, in the cell that imports it.
"""

import contextlib
import importlib

for _name in ("pandas", "paramiko", "rdokit", "rdokit.site", "rdokit.ssh", "rdokit.facts", "rdokit.plan",
              "rdokit.show"):
    with contextlib.suppress(Exception):
        importlib.import_module(_name)
