"""Programs and packages that installing with npm or Yarn leaves in the home folder, among its caches.

Sources are in ``knowledge/data/linked.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...ir.build import Stage
from ...knowledge.linked import home_caches
from ..facts import Facts


def in_home(stage: Stage, facts: Facts) -> str | None:
    """Why what *stage* installs may lie in the home folder; None where nothing says so."""
    known = home_caches()
    text = "\n".join(step.origin.text for step in stage.steps)
    uses = [use for run in stage.runs for use in facts.uses(run)]
    managers = {use.operation.manager.name for use in uses}
    if not managers & {"npm", "yarn", "pnpm"}:
        return None
    manifests = "\n".join(_manifests(facts))
    for name in known.packages:
        if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text, re.I) or f'"{name}"' in manifests:
            return f"{name} may have put a program into the home folder"
    words = {word for use in uses for word in use.command.argv if word}
    library = next((one for one in known.libraries if one in words), None)
    if library is not None:
        return f"{library} is for a browser, which may lie in the home folder"
    if "yarn" in managers and (word := next((one for one in known.yarn if one in text), None)) is not None:
        settings = (facts.project.text(".yarnrc.yml") if facts.project is not None else None) or ""
        if "nodeLinker: node-modules" not in settings:
            return f"Yarn may keep packages in the home folder, as {word} lets one think"
    return None


def _manifests(facts: Facts) -> Iterator[str]:
    """The texts of the package.json files of the project in the build context."""
    for file in facts.project.files if facts.project is not None else ():
        if file.path.endswith("package.json") and "node_modules/" not in file.path and facts.project is not None:
            yield facts.project.text(file.path) or ""
