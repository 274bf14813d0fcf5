"""On which images a runtime stage may stand, by the names of the images alone."""

from __future__ import annotations

from ...ir.reference import ImageReference, InvalidReference, parse
from ...patterns import re
from .dotnet_bases import is_runtime_of

_CODENAMES = frozenset(("wheezy", "jessie", "stretch", "buster", "bullseye", "bookworm", "trixie", "forky", "sid"))
#: Official images that stand on Debian unless their tag says otherwise.
_ON_DEBIAN = frozenset(
    ("golang", "rust", "gcc", "debian", "buildpack-deps", "node", "python", "ruby", "openjdk", "java")
)
#: Official images of languages that have a slim variant of each version and release.
_WITH_SLIM = frozenset(("elixir", "node", "python", "ruby"))
#: Images that hold the programs and libraries of buildpack-deps or the like, unless their tag says otherwise.
_FULL = _ON_DEBIAN | {
    "elixir", "erlang", "perl", "maven", "gradle", "eclipse-temurin", "php", "mcr.microsoft.com/dotnet/sdk",
}  # fmt: skip
_DISTROLESS = re.compile(r"gcr\.io/distroless/(?:static|base|cc)-debian\d+\Z")
_JDK = re.compile(r"(?:[\d.]+-)?(?:jdk-?|eclipse-temurin-)(\d+)((?:-\w+)?)\Z")


def not_of_family(builder: str, runtime: str, *, shell: bool) -> str | None:
    """Why programs built on *builder* may not run on *runtime*; None when they may. *shell*: a command needs one."""
    try:
        old, new = parse(builder), parse(runtime)
    except InvalidReference as error:
        return str(error)
    if old.template or new.template:
        return "a build argument chooses a base image"
    if runtime == builder:
        return None
    name, tag = old.familiar_name, _tag(old)
    alpine = any(word.startswith("alpine") for word in tag.split("-")) or name == "alpine"
    if new.scratch or _DISTROLESS.match(new.text):
        if shell:
            return f"{runtime} has no shell, which a command of the image needs"
        dynamic = not new.scratch and "/static-" not in new.text
        return f"{builder} has another C library than {runtime}" if dynamic and alpine else None
    if new.familiar_name == "alpine":
        return _on_alpine(tag, _tag(new)) if alpine else f"{builder} is not Alpine"
    if new.familiar_name == "debian":
        if alpine or name not in _ON_DEBIAN:
            return f"{builder} is not known to be Debian"
        named = {word for word in tag.split("-") if word in _CODENAMES}
        release = _tag(new).removesuffix("-slim")
        if release not in _CODENAMES or (named and named != {release}):
            return f"{runtime} is another release than that of {builder}"
        return None
    if is_runtime_of((name, tag), (new.familiar_name, _tag(new))):
        return None
    if is_slim_variant(builder, runtime):
        return None
    return _java(old, new)


def is_slim_variant(builder: str, runtime: str) -> bool:
    """Whether *runtime* is the slim variant of the language's image *builder*."""
    try:
        old, new = parse(builder), parse(runtime)
    except InvalidReference:
        return False
    full, slim = ([word for word in _tag(one).split("-") if word != "latest"] for one in (old, new))
    return (
        old.familiar_name == new.familiar_name
        and old.familiar_name in _WITH_SLIM
        and "slim" in slim
        and "slim" not in full
        and not any(word.startswith("alpine") for word in full)
        and [word for word in slim if word != "slim"] == full
    )


def is_full(image: str) -> bool:
    """Whether *image* has programs and libraries of its distribution that a smaller one may lack."""
    try:
        reference = parse(image)
    except InvalidReference:
        return False
    words = _tag(reference).split("-")
    small = any(word == "slim" or word.startswith("alpine") for word in words)
    return reference.familiar_name in _FULL - {"debian"} and not small


def _tag(reference: ImageReference) -> str:
    return reference.tag.text if reference.tag is not None else "latest"


def _on_alpine(builder: str, release: str) -> str | None:
    named = next((word for word in builder.split("-") if re.fullmatch(r"alpine[\d.]+", word)), None)
    if named is None or release == named.removeprefix("alpine"):
        return None
    return f"Alpine {release} is another release than that of {builder}"


def _java(old: ImageReference, new: ImageReference) -> str | None:
    """A Java runtime for what was built with the kit of the same version."""
    kit, runtime = _tag(old).split("-"), _tag(new).split("-")
    if "jre" not in runtime or "jre" in kit:
        return f"{new.text} is not known to run what {old.text} builds"
    if old.familiar_name == new.familiar_name:
        if [word for word in kit if word != "jdk"] == [word for word in runtime if word != "jre"]:
            return None
        return f"{new.text} is another version or variant than {old.text}"
    if old.familiar_name not in ("maven", "gradle") or new.familiar_name not in ("openjdk", "eclipse-temurin"):
        return f"{new.text} is not known to run what {old.text} builds"
    match = _JDK.search(_tag(old))
    if match is None or runtime[0] != match[1] or runtime[2:] != [word for word in match[2].split("-") if word]:
        return f"{new.text} is another version or variant than {old.text}"
    return None
