"""The language server: Dockerfiles in editors, with every change a click and its reason beside it."""
