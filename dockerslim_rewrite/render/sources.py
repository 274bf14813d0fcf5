"""The texts of templates: those of a user's directory first, and nothing that lies elsewhere."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from ..regular import read_text

#: Ours have a tenth of it.
_MAX_BYTES = 256 * 1024


class TemplateError(ValueError):
    """A template that is missing, broken or asks for what is not there; the message says which and what to do."""


def shipped_templates() -> Path:
    """The folder of our own templates: inside an installed package, or beside it in the source tree."""
    package = Path(__file__).parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@lru_cache(maxsize=128)
def source(name: str, templates: Path | None) -> str:
    """The text of the template *name*, that of the directory *templates* first. Raises ``TemplateError``."""
    if name.startswith("/") or ".." in name.split("/"):
        raise TemplateError(f"template {name}: outside of the directory of templates")
    for folder in (shipped_templates(),) if templates is None else (templates, shipped_templates()):
        path = folder / name
        # What a repository says to be a template may be a link to anything of this machine.
        if not os.path.realpath(path).startswith(os.path.realpath(folder).rstrip("/") + "/"):
            raise TemplateError(f"template {path}: leads out of the directory of templates; copy the file there")
        try:
            return read_text(path, _MAX_BYTES).rstrip("\n")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise TemplateError(f"template {path}: cannot be read: {error.strerror}") from None
    raise TemplateError(f"template {name}: not found")
