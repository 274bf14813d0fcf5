"""Compiles the package's data files for the wheel, whose copies need no check against the TOML."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DataFiles(BuildHookInterface[Any]):
    """Puts a compiled copy of every data file into a wheel; an editable install reads the checkout's own."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the compiled copies to the files of the wheel."""
        if version == "editable" or self.target_name != "wheel":
            return
        sys.path.insert(0, self.root)
        from dockerslim_rewrite.datafile import compile_data

        package = Path(self.root) / "dockerslim_rewrite"
        into = Path(self.root) / "build" / "compiled"
        for copy in compile_data(package, into, final=True):
            build_data["force_include"][str(copy)] = f"dockerslim_rewrite/{copy.relative_to(into).as_posix()}"
