"""Keeping: Session → MLflow, archive, index, reports. The only part that imports mlflow is `mlflow_store`."""

from with_tracking.procedures import track_procedure as track_procedure

__version__ = "0.1.0"
