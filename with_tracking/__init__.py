"""Keeping: Session → MLflow, archive, index, reports. The only part that imports mlflow is `mlflow_store`."""

from __future__ import annotations

TYPE_CHECKING = False  # the module typing takes longer to load than all of this
if TYPE_CHECKING:
    from with_tracking.procedures import track_procedure

__all__ = ["__version__", "track_procedure"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load `track_procedure` when somebody asks for it: the command line has no use for it."""
    if name == "track_procedure":
        from with_tracking.procedures import track_procedure

        return track_procedure
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
