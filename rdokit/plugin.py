"""What `papermill --engine rdokit` finds: the engine, imported only when it is used.

papermill loads every registered engine while it is itself being imported; `engine` needs papermill.
"""


class RdokitEngine:
    """Stands for `rdokit.engine.RdokitEngine` in papermill's registry."""

    @classmethod
    def execute_notebook(cls, *args: object, **kwargs: object):
        """See papermill's `Engine.execute_notebook`."""
        from .engine import RdokitEngine as Engine
        return Engine.execute_notebook(*args, **kwargs)
