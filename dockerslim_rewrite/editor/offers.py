"""The names under which the server offers what it does."""

from __future__ import annotations

from lsprotocol import types

FIX_ALL = "source.fixAll.dockerslim"
KINDS = [types.CodeActionKind.QuickFix, FIX_ALL]
APPLY, PREVIEW = "dockerslim.apply", "dockerslim.preview"
#: What ``FIX_ALL`` does, for clients that know commands instead of actions.
FIX = "dockerslim.fixAll"
#: What ``PREVIEW`` answers, for clients that show a file when they are asked to.
SHOW = "dockerslim.showDiff"
