"""Keeping: Session → MLflow, archive, index, reports. The only part that imports mlflow is `mlflow_store`."""

__version__ = "0.1.0"
