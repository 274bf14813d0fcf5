"""One command that builds an image: its options, and where its paths lead.

Sources: see ``knowledge/data/build_commands.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...knowledge.build_commands import build_arguments, options_with_values
from ...record import record
from ..repository import Repository, joined
from .found import FoundBuild, Place, Text, Unknown
from .places import file, folder, is_remote

_SHORT_VALUES = "ftomvcd"


@record
class Options:
    """What the words of a build command ask for. ``context`` is None where none is named (kaniko: the folder)."""

    context: Text | None
    dockerfile: Text | None = None
    target: Text | None = None
    args: tuple[tuple[str, Text | None], ...] = ()
    contexts: tuple[tuple[str, Text], ...] = ()
    tags: tuple[Text, ...] = ()


def build_options(words: Sequence[Text]) -> Options | None:
    """What the command *words* builds; None where it is no build."""
    start = build_arguments([word if isinstance(word, str) else None for word in words])
    if start is None:
        return None
    kaniko = str(words[0]).endswith("executor")
    positional: list[Text] = []
    found: list[tuple[str, Text | None]] = []
    rest = iter(words[start:])
    for word in rest:
        if isinstance(word, Unknown) or not word.startswith("-") or word == "-":
            unknown = _unknown_option(word)
            if unknown is not None:
                found.append(unknown)
            else:
                positional.append(word)
            continue
        name, equals, value = word.partition("=")
        if equals and name.startswith("--"):
            found.append((name, value))
        elif word in options_with_values() or (kaniko and word in ("--context", "-c")):
            found.append((word, next(rest, None)))
        elif len(word) > 2 and not word.startswith("--") and word[1] in _SHORT_VALUES:
            found.append((word[:2], word[2:].removeprefix("=")))
    # Variables that hold whole options may stand anywhere; the context comes last.
    known = [one for one in positional if isinstance(one, str)]
    context = positional[-1] if positional else None
    if isinstance(context, Unknown) and len(known) == 1 and len(positional) > 1:
        context = known[0]
    if kaniko:
        context = _last(found, "--context", "-c")
        if isinstance(context, str):
            context = context.removeprefix("dir://")
    elif context is None:
        return None
    return Options(
        context=context,
        dockerfile=_last(found, "-f", "--file", "--dockerfile"),
        target=_last(found, "--target"),
        args=tuple(_pair(value) for name, value in found if name == "--build-arg" and value is not None),
        contexts=tuple(
            (name, text)
            for name, text in (_pair(value) for key, value in found if key == "--build-context" and value is not None)
            if text is not None
        ),
        tags=tuple(value for name, value in found if name in ("-t", "--tag", "--destination", "-d") and value),
    )


def _unknown_option(word: Text) -> tuple[str, Text | None] | None:
    """``--file=$FILE`` as name and value: an option whose value is not known."""
    if isinstance(word, Unknown):
        bare = word.text.lstrip("\"'")
        name, equals, value = bare.partition("=")
        if equals and name.startswith("--"):
            return name, Unknown(value.rstrip("\"'"))
    return None


def _pair(value: Text) -> tuple[str, Text | None]:
    """``NAME=VALUE`` or ``NAME``."""
    text = str(value).strip("\"'") if isinstance(value, Unknown) else value
    name, equals, rest = text.partition("=")
    if not equals:
        return name, None
    return name, Unknown(rest) if isinstance(value, Unknown) else rest


def _last(found: list[tuple[str, Text | None]], *names: str) -> Text | None:
    return next((value for name, value in reversed(found) if name in names), None)


def built(
    repository: Repository, kind: str, place: Place, words: Sequence[Text], folders: Sequence[Text]
) -> FoundBuild | None:
    """The build that the command *words* makes, None where it makes none.

    *folders* are where the command may be run: the first in which it finds its Dockerfile counts, unless others do as
    well and mean another file; then nobody knows.
    """
    options = build_options(words)
    if options is None:
        return None
    fitting: list[tuple[Text, Text]] = []
    for base in folders:
        context, dockerfile = _paths(repository, base, options)
        if isinstance(dockerfile, str) and repository.is_file(dockerfile):
            fitting.append((context, dockerfile))
    places = list(dict.fromkeys(fitting))
    if len(places) == 1:
        context, dockerfile = places[0]
    elif places:
        context, dockerfile = Unknown(str(options.context)), Unknown(str(options.dockerfile or "Dockerfile"))
    else:
        context, dockerfile = _paths(repository, folders[0], options)
    return FoundBuild(
        kind=kind,
        place=place,
        name=next((tag for tag in map(str, options.tags)), "") or str(options.context or "."),
        context=context,
        dockerfile=dockerfile,
        target=options.target,
        args=options.args,
        contexts=options.contexts,
        tags=options.tags,
    )


def _paths(repository: Repository, base: Text, options: Options) -> tuple[Text, Text]:
    text = options.context if options.context is not None else "."
    if isinstance(base, Unknown):
        absolute = isinstance(text, str) and text.startswith("/")
        if not absolute:
            return Unknown(str(text)), Unknown(str(options.dockerfile or "Dockerfile"))
        base = ""
    if text == "-" or (isinstance(text, str) and is_remote(text)):
        return Unknown(text), Unknown(str(options.dockerfile or "Dockerfile"))
    # A script may be started in another folder than it is read for: what leads out from here may not from there.
    context = folder(repository, base, text, told=False)
    if options.dockerfile is None:
        return context, file(repository, context, "Dockerfile", told=False)
    if options.dockerfile in ("-", "/dev/stdin"):
        return context, Unknown("standard input")
    found = folder(repository, base, options.dockerfile, told=False)
    if isinstance(found, str) and isinstance(context, str) and not repository.is_file(found):
        # podman and buildah look in the context as well, and so does docker with an address.
        other = joined(context, options.dockerfile) if isinstance(options.dockerfile, str) else ""
        if other and repository.is_file(other):
            return context, other
    return context, found
