"""Rules about users, secrets and unsafe downloads."""
