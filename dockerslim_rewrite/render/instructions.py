"""Instructions that we author or lay out anew, each through its template. Law: what is read is what was rendered."""

from __future__ import annotations

from pathlib import Path

from .fragments import rendered


def instruction(keyword: str, body: str, templates: Path | None = None) -> str:
    """The instruction *keyword*, in the case in which it is to be written, with *body* behind it.

    The template is ``instructions/KEYWORD.j2``, that of the directory *templates* first. Raises ``TemplateError``.
    """
    return rendered(f"instructions/{keyword.lower()}.j2", templates, keyword=keyword, body=body).rstrip(" ")
