"""What a document is, by its name and its language: known before anything of the compiler is loaded."""

from __future__ import annotations

from typing import Literal, TypeAlias

from ..knowledge.repository import build_source, is_dockerfile_name

Kind: TypeAlias = Literal["dockerfile", "python", "compose", "bake"]

_LANGUAGES: dict[str, Kind] = {
    "dockerfile": "dockerfile",
    "containerfile": "dockerfile",
    "python": "python",
    "dockercompose": "compose",
    "docker-compose": "compose",
    "dockerbake": "bake",
    "docker-bake": "bake",
}
_PLAIN_LANGUAGES = frozenset(("", "plaintext", "text", "yaml", "yaml.docker-compose", "json", "hcl", "terraform"))


def kind_of(name: str, language: str) -> Kind | None:
    """What a document is, by its *name* and the *language* that the editor says it is in; None for other texts."""
    if language in _LANGUAGES:
        return _LANGUAGES[language]
    if language not in _PLAIN_LANGUAGES:
        return None
    if is_dockerfile_name(name):
        return "dockerfile"
    source = build_source(name)
    return "compose" if source == "compose" else "bake" if source == "bake" else None
