"""The instruction behind a layer, from what builders write into an image's history."""

from __future__ import annotations

from ..patterns import re

_BUILD_ARGS = re.compile(r"^\|\d+ .*?(?=/bin/(?:ba|da)?sh )", re.DOTALL)
_SHELL = re.compile(r"^(?:RUN )?(?:\|\d+ .*?)?/bin/(?:ba|da)?sh (?:-o pipefail )?-[a-z]*c ", re.DOTALL)


def instruction(created_by: str) -> str:
    """*created_by* as a Dockerfile would say it, on one line.

    The classic builder and buildah write ``/bin/sh -c make`` and ``/bin/sh -c #(nop) COPY …``, BuildKit writes
    ``RUN /bin/sh -c make # buildkit`` and ``COPY a b # buildkit``; ``|2 A=1 B=2`` names build arguments.
    """
    text = created_by.strip().removesuffix("# buildkit").strip()
    text, shells = _SHELL.subn("", _BUILD_ARGS.sub("", text), count=1)
    text = " ".join(text.split())
    if text.startswith("#(nop)"):
        return text.removeprefix("#(nop)").strip()
    return f"RUN {text}" if shells else text or "(unknown)"
