"""Registries: a client of the OCI distribution API, and the lock file that makes its answers last."""
