"""The steps of a build: what each instruction means, with a link back to its text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TypeAlias

from ..record import record
from ..shell.body import Body
from ..syntax import Instruction
from ..syntax.words import Pair


@record(eq=False, slots=False)
class _Step:
    """What all steps have: the instruction they come from, and their index in the file."""

    origin: Instruction
    index: int

    @property
    def keyword(self) -> str:
        """The instruction's keyword in upper case."""
        return self.origin.keyword

    @property
    def line(self) -> int:
        """The line (from 1) on which the instruction starts."""
        return self.origin.line_number


@record(eq=False, slots=False)
class From(_Step):
    """``FROM [--platform] image [AS alias]``; the alias is as written."""

    image: str
    alias: str | None


@record(eq=False, slots=False)
class Run(_Step):
    """``RUN``: ``argv`` is set for the exec form, ``body`` for the others; ``foreign`` names a non-POSIX shell."""

    argv: tuple[str, ...] | None
    body: Body | None

    @cached_property
    def mounts(self) -> tuple[dict[str, str], ...]:
        """The ``--mount`` flags, each as its comma-separated keys and values."""
        found = []
        for flag in self.origin.flags:
            if flag.name == "mount":
                pairs = (part.partition("=") for part in (flag.value or "").split(","))
                found.append({key.lower(): value for key, _, value in pairs})
        return tuple(found)

    @property
    def bound(self) -> tuple[str, ...]:
        """What its mounts take from the build context, as written; the whole context is empty."""
        return tuple(
            mount.get("source") or mount.get("src") or ""
            for mount in self.mounts
            if mount.get("type", "bind") == "bind" and not mount.get("from")
        )

    @staticmethod
    def mount_target(mount: Mapping[str, str]) -> str:
        """Where one of ``mounts`` is seen; empty where it does not say."""
        return mount.get("target") or mount.get("dst") or mount.get("destination") or ""

    @property
    def flags(self) -> tuple[tuple[str, str | None], ...]:
        """All flags by name and value, in order."""
        return tuple((flag.name, flag.value) for flag in self.origin.flags)


@record(eq=False, slots=False)
class Copy(_Step):
    """``COPY`` or ``ADD``; sources and destination as written (here-document words included)."""

    sources: tuple[str, ...]
    destination: str


@record(eq=False, slots=False)
class Env(_Step):
    """``ENV``, both forms."""

    pairs: tuple[Pair, ...]


@record(eq=False, slots=False)
class Label(_Step):
    """``LABEL``, both forms."""

    pairs: tuple[Pair, ...]


@record(eq=False, slots=False)
class Arg(_Step):
    """``ARG``: names with their default, if any."""

    pairs: tuple[Pair, ...]


@record(eq=False, slots=False)
class Exec(_Step):
    """``CMD`` or ``ENTRYPOINT``: ``argv`` in exec form, ``body`` in shell form; neither when it has no arguments."""

    argv: tuple[str, ...] | None
    body: Body | None


@record(eq=False, slots=False)
class Shell(_Step):
    """``SHELL``; ``argv`` is empty when it is not in exec form."""

    argv: tuple[str, ...]


@record(eq=False, slots=False)
class Value(_Step):
    """``WORKDIR``, ``USER``, ``STOPSIGNAL``, ``MAINTAINER``: one text."""

    value: str


@record(eq=False, slots=False)
class Listing(_Step):
    """``EXPOSE`` or ``VOLUME``: words."""

    words: tuple[str, ...]


@record(eq=False, slots=False)
class Healthcheck(_Step):
    """``HEALTHCHECK``; ``test`` is NONE or CMD, ``argv`` the exec form, ``command`` the shell form's text."""

    test: str
    argv: tuple[str, ...] | None
    command: str


@record(eq=False, slots=False)
class Onbuild(_Step):
    """``ONBUILD``: the trigger is a step of its own that runs in another build."""

    trigger: Step | None


Step: TypeAlias = From | Run | Copy | Env | Label | Arg | Exec | Shell | Value | Listing | Healthcheck | Onbuild
