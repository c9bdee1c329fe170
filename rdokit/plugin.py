"""What `papermill --engine rdokit` finds: the engine, imported only when it is used.

papermill loads every registered engine while it is itself being imported; `engine` needs papermill.
"""


class _Later(type):
    """Whatever papermill asks of the class is asked of the real one."""

    def __getattr__(cls, name: str):
        from .engine import RdokitEngine as Engine
        return getattr(Engine, name)


class RdokitEngine(metaclass=_Later):
    """Stands for `rdokit.engine.RdokitEngine` in papermill's registry."""
