"""What can go wrong between this program and a registry."""

from __future__ import annotations


class RegistryError(Exception):
    """Any failure to learn something from a registry; the message names the host and what was asked."""


class NotFound(RegistryError):
    """The registry says that there is no such repository, tag or digest."""


class Unauthorized(RegistryError):
    """The registry wants other credentials, or the credentials could not be obtained."""


class Unavailable(RegistryError):
    """The registry did not answer properly, after all attempts."""


class RateLimited(Unavailable):
    """The registry asks to wait longer than the client may; ``retry_after`` is in seconds, None when not told."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CorruptContent(Unavailable):
    """The content does not have the digest that it was asked for or announced with."""


class MalformedAnswer(RegistryError):
    """The answer is not what the distribution API specifies."""
