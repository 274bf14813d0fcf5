"""The extension knows the settings that the server takes, and its lock file names no registry."""

from __future__ import annotations

import json
import re
from pathlib import Path

from dockerslim_rewrite.editor.preferences import SWITCHES, known, read_preferences
from dockerslim_rewrite.workspace.configuration.keys import keys

EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"


def test_the_manifest_has_every_setting() -> None:
    manifest = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    found = manifest["contributes"]["configuration"]["properties"]
    camel = {re.sub("-([a-z])", lambda match: match[1].upper(), key): key for key in known()}
    assert {key.removeprefix("dockerslim.") for key in found} == {*camel, "path", "trace.server"}
    for name, key in camel.items():
        entry = found[f"dockerslim.{name}"]
        if key in SWITCHES:
            assert getattr(read_preferences({}), SWITCHES[key]) is entry["default"]
            continue
        # What nobody chose is not sent: a default here would have to be the server's for ever.
        assert entry["default"] is None
        assert entry["description"] == keys()[key].help
        assert tuple(one for one in entry.get("enum", ()) if one) == keys()[key].choices


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((EXTENSION / "package-lock.json").read_text("utf-8"))
    assert lock["packages"][""]["dependencies"].keys() == {"vscode-languageclient"}
    assert [name for name, one in lock["packages"].items() if "resolved" in one] == []
