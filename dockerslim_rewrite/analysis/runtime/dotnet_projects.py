"""Whether a .NET program in the build context may be a web server.

Source: .NET documentation, "MSBuild reference for .NET SDK projects" (project SDKs, FrameworkReference).
"""

from __future__ import annotations

from ...patterns import re
from ..project import Project

_PROJECTS = (".csproj", ".fsproj", ".vbproj")
_SETTINGS = (".props", ".targets")
_WEB = re.compile(r"Sdk\.Web|Sdk\.Razor|Sdk\.Worker|AspNetCore|<PackageReference|<Import\b|<Reference\b")


def may_serve(project: Project) -> bool:
    """Whether a program in *project* may have ASP.NET: surely not where no project says so, or takes packages along."""
    paths = [file.path for file in project.files if file.path.endswith((*_PROJECTS, *_SETTINGS))]
    if not project.complete or not any(path.endswith(_PROJECTS) for path in paths):
        return True
    texts = [project.text(path) for path in paths]
    return any(text is None or _WEB.search(text) for text in texts)
