"""MLflow as a store: its library, the local database, what a run and its traces hold. The door is `mlflow_store`."""
