"""The images of .NET: which runtime goes with which SDK, and what the two set differently.

Source: dotnet/dotnet-docker, Dockerfiles of sdk, aspnet, runtime-deps. SDK images are named by the version of the SDK
where they name more than a line (8.0.404), runtimes by that of the runtime, so nothing is known of those. On Alpine the
SDK has culture data and time zones, which the runtime lacks. What the SDK of 3.0 sets changed meanwhile.
"""

from __future__ import annotations

from ...patterns import re

#: Names of SDK images with the names of the images that run what they build.
_RUNTIMES = {
    "mcr.microsoft.com/dotnet/sdk": "mcr.microsoft.com/dotnet/aspnet",
    "mcr.microsoft.com/dotnet/core/sdk": "mcr.microsoft.com/dotnet/core/aspnet",
    "microsoft/dotnet": "microsoft/dotnet",
}
_TAG = re.compile(r"(?P<line>\d+\.\d+)(?P<kind>-sdk|-aspnetcore-runtime)?(?P<base>-[a-z]+)?(?P<slim>-slim)?\Z")
#: From this version on the SDK is built on the runtime's own image.
_ON_RUNTIME = (5, 0)
_PORT = "ASPNETCORE_URLS"
_WATCHES = {"DOTNET_USE_POLLING_FILE_WATCHER": "true"}


def is_runtime_of(builder: tuple[str, str], runtime: tuple[str, str]) -> bool:
    """Whether *runtime* has the frameworks and libraries that *builder* builds for; each is a name and a tag."""
    old, new = _TAG.match(builder[1]), _TAG.match(runtime[1])
    if _RUNTIMES.get(builder[0]) != runtime[0] or old is None or new is None or old["base"] == "-alpine":
        return False
    named = builder[0] == "microsoft/dotnet"
    if (old["kind"], new["kind"]) != (("-sdk", "-aspnetcore-runtime") if named else (None, None)):
        return False
    if (old["line"], old["base"]) != (new["line"], new["base"]) or old["line"] == "3.0":
        return False
    slim = old["slim"] or ("-slim" if _line(old["line"]) < _ON_RUNTIME and old["base"] else None)
    return new["slim"] == slim


def sdk_environment(name: str, tag: str) -> dict[str, str]:
    """What the SDK image *name* sets and its runtime sets to something else; empty where it leaves something unset that
    the runtime sets. Nothing for images that are none of .NET.
    """
    match = _TAG.match(tag)
    if name not in _RUNTIMES or match is None:
        return {}
    listens = (3, 0) < _line(match["line"]) < (8, 0)
    return {**_WATCHES, _PORT: ""} if listens else dict(_WATCHES)


def _line(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
