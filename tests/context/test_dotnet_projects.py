"""Whether a .NET program in the build context may be a web server."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite

DOCKERFILE = """\
FROM mcr.microsoft.com/dotnet/core/sdk:3.1
WORKDIR /app
COPY . .
RUN dotnet publish -o out
CMD ["dotnet", "out/tides.dll"]
"""
CONSOLE = '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType></PropertyGroup></Project>'


def levels(folder: Path, files: dict[str, str]) -> set[str]:
    """The levels at which the program is split, with *files* in its context."""
    for name, text in {"Program.cs": "return;", **files}.items():
        (folder / name).write_text(text)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    options = {one: Options(level=one, select=("DS406",), context=folder) for one in ("standard", "aggressive")}
    return {level for level, option in options.items() if rewrite(DOCKERFILE, option).changed}


def test_a_console_program_listens_nowhere(tmp_path: Path) -> None:
    assert levels(tmp_path, {"tides.csproj": CONSOLE}) == {"standard", "aggressive"}


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"tides.csproj": CONSOLE.replace("NET.Sdk", "NET.Sdk.Web")},
        {"tides.csproj": CONSOLE.replace("</Project>", '<PackageReference Include="Grpc" /></Project>')},
        {"tides.csproj": CONSOLE, "Directory.Build.props": '<FrameworkReference Include="Microsoft.AspNetCore.App" />'},
        {"tides.fsproj": CONSOLE, "other.vbproj": '<Project Sdk="Microsoft.NET.Sdk.Worker" />'},
    ],
)
def test_what_may_be_a_server_loses_https_on_localhost_at_the_boldest_level(
    tmp_path: Path, files: dict[str, str]
) -> None:
    assert levels(tmp_path, files) == {"aggressive"}
