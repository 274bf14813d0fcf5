"""Base images: what a claim may make of one. Re-derived from the references alone; nothing is looked up.

What a tag stands for cannot be known here. What can: that name and variant stay, that a version which was there is
the beginning of the one that is there now, and that a digest keeps the tag before it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...change import ChangesBase, Claim
from ...ir.arguments import global_arguments
from ...ir.build import Build, Stage
from ...ir.expansion import expand
from ...ir.reference import ImageReference, InvalidReference, parse
from ...ir.steps import Arg, Run
from ...patterns import re
from ..core.program import base_of
from ..core.verdict import Unsound

_VERSION = re.compile(r"v?\d+(?:[._+u]\d+)*\Z", re.IGNORECASE)
#: A version with anything behind it, such as an early release's 3.14rc1: enough to tell it from a variant's word.
_VERSION_LIKE = re.compile(r"v?\d", re.IGNORECASE)
#: Words that say "the newest of …": they go when the version comes.
_CHANNELS = frozenset(("latest", "stable", "mainline", "current", "lts", "rolling", "oldstable", "oldoldstable"))
#: The one RUN that may be added: it installs packages by name and leaves nothing else behind.
_INSTALL = re.compile(
    r"apt-get update && apt-get install -y --no-install-recommends(?: [a-z0-9][a-z0-9.+-]+)+"
    r" && rm -rf /var/lib/apt/lists/\*\Z"
)
_SMALLER = frozenset(("slim", "jre"))
_LARGER = frozenset(("jdk",))


def check_bases(old: Build, new: Build, pairs: Sequence[tuple[Stage, Stage]], claims: Sequence[Claim]) -> None:
    """Refuse every base image that became another without licence. Raises ``Unsound``."""
    before, after = global_arguments(old), global_arguments(new)
    for left, right in pairs:
        if isinstance(base_of(left, old), int):
            continue
        was, now = _image(left, before), _image(right, after)
        if was == now:
            _same_template(left, right)
            continue
        reason = reason_against(was, now, claims)
        if reason is not None:
            raise Unsound(f"the base image {was} became {now}: {reason}", left.head.line, right.head.line)
        _same_template(left, right)


def argument_only_chooses_bases(old: Build, key: str) -> bool:
    """Whether the global argument *key* of *old* serves as whole image, or as whole tag, of FROM and nothing else."""
    used = False
    form = re.compile(rf"[\"']?(?:[^$\"']+:)?\$(?:{key}|\{{{key}\}})[\"']?\Z")
    mention = re.compile(rf"\$\{{?{key}\b")
    for step in old.preamble:
        if isinstance(step, Arg):
            for pair in step.pairs:
                if pair.key != key and mention.search(pair.value or ""):
                    return False
    for stage in old.stages:
        if any(mention.search(flag.value or "") for flag in stage.head.origin.flags):
            return False
        if mention.search(stage.head.image):
            if not form.match(stage.head.image):
                return False
            used = True
        if any(isinstance(step, Arg) and any(pair.key == key for pair in step.pairs) for step in stage.steps):
            return False
    return used


def installs_what_is_missing(run: Run, text: str, claims: Sequence[Claim]) -> bool:
    """Whether *run*, which is new and was added as *text*, installs packages beside a base image that a claim slims."""
    slimmed = any(isinstance(claim, ChangesBase) and claim.how == "slimmed" for claim in claims)
    return slimmed and not run.flags and _INSTALL.match(text.partition(" ")[2].strip()) is not None


def _image(stage: Stage, env: dict[str, str | None]) -> str:
    try:
        return parse(stage.head.image).substitute(env).text
    except InvalidReference:
        return stage.head.image


def _same_template(left: Stage, right: Stage) -> None:
    """Whoever gives the build arguments still gets the image that they chose."""
    if "$" not in left.head.image and "$" not in right.head.image:
        return
    try:
        old, new = parse(left.head.image), parse(right.head.image)
        same = [(item.name, item.operator) for item in old.expansions] == [
            (item.name, item.operator) for item in new.expansions
        ] and all(
            expand(old.text, given) == expand(new.text, given)
            for given in (dict.fromkeys(old.variables, mark) for mark in ("x", "1.2"))
        )
    except ValueError:
        same = left.head.image == right.head.image
    if not same:
        raise Unsound("the build arguments choose another base image", left.head.line, right.head.line)


def reason_against(before: str, after: str, claims: Sequence[Claim]) -> str | None:
    """Why no claims lead from *before* to *after*; None where a chain of sound ones does."""
    reason: str | None = "no claim says so"
    reached, open_ = {before}, [before]
    while open_:
        at = open_.pop()
        if at == after:
            return None
        for claim in claims:
            if not isinstance(claim, ChangesBase) or claim.before != at or claim.after in reached:
                continue
            problem = _unsound(claim)
            if problem is None:
                reached.add(claim.after)
                open_.append(claim.after)
            else:
                reason = problem
    return reason


def _unsound(claim: ChangesBase) -> str | None:
    try:
        before, after = parse(claim.before), parse(claim.after)
    except InvalidReference as error:
        return str(error)
    if before.template or after.template:
        return "a build argument chooses it"
    if before.text[: before.path.end] != after.text[: after.path.end] or before.quote != after.quote:
        return "it is another image"
    if claim.how == "refreshed":
        return _not_refreshed(before, after)
    if before.digest is not None:
        return "it had a digest, which is as exact as can be"
    if claim.how == "slimmed":
        return _not_slimmed(before, after)
    if (before.tag and before.tag.text) == (after.tag and after.tag.text):
        return None if after.digest else "nothing was pinned"
    if after.tag is None:
        return "the tag is gone"
    return _not_refined(_tag(before), after.tag.text)


def _not_refreshed(before: ImageReference, after: ImageReference) -> str | None:
    """Why *after* is not the same tag with another digest."""
    if before.digest is None or after.digest is None:
        return "a digest is refreshed where there is one"
    if before.tag is None or after.tag is None or before.tag.text != after.tag.text:
        return "a digest is refreshed under the tag that stands before it"
    return None


def _tag(reference: ImageReference) -> str:
    return reference.tag.text if reference.tag else "latest"


#: Node's channels: each has a smaller variant of the same release. Source: docker-library/docs, node/README.md.
_WITH_SLIM = frozenset(("lts", "current"))


def _taken_apart(tag: str) -> tuple[str | None, list[str]]:
    """The version of *tag*, and the words of its variant in order."""
    version: str | None = None
    words: list[str] = []
    for word in tag.split("-"):
        if version is None and _VERSION_LIKE.match(word):
            version = word
        elif word not in _CHANNELS:
            words.append(word)
    return version, words


def _not_refined(before: str, after: str) -> str | None:
    """Why the tag *after* is no more exact name of what the tag *before* names."""
    (old, old_words), (new, new_words) = _taken_apart(before), _taken_apart(after)
    if new is None or not _VERSION.match(new):
        return f"{after} names no version"
    if old_words != new_words:
        return f"{after} is another variant than {before}"
    if old is not None and not re.match(rf"{re.escape(old)}[._+u]\d", new, re.IGNORECASE):
        return f"{after} is another version than {before}"
    return None


def _not_slimmed(before: ImageReference, after: ImageReference) -> str | None:
    """Why *after* is not the smaller variant of the same version."""
    if after.digest is not None or after.tag is None:
        return "a smaller variant is named by its tag"
    (old, old_words), (new, new_words) = _taken_apart(_tag(before)), _taken_apart(after.tag.text)
    # Without a version a release's name stands for it, and stays; a channel or no tag at all would move, but for those
    # of a language whose smaller variant is published with it.
    channel = _tag(before) in _WITH_SLIM and after.tag.text == f"{_tag(before)}-slim"
    if old != new or (old is None and not channel and not set(old_words) & set(new_words)):
        return f"{after.tag.text} is another version than {_tag(before)}"
    came, went = set(new_words) - set(old_words), set(old_words) - set(new_words)
    if not came or not came <= _SMALLER or not went <= _LARGER:
        return f"{after.tag.text} is not a smaller variant of {_tag(before)}"
    return None
