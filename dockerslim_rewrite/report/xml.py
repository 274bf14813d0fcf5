"""Reports as XML: Checkstyle's and JUnit's."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ..patterns import re
from ..pipeline import Result
from .findings import all_findings, clean, findings, shown_path
from .text import printable

#: Characters that XML cannot hold at all.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def checkstyle(results: Sequence[Result]) -> str:
    """Checkstyle's report, files without findings left out."""
    root = Element("checkstyle", version="4.3")
    for path, found in groupby(all_findings(results), key=lambda one: one.path):
        file = SubElement(root, "file", name=_text(path))
        for one in found:
            SubElement(
                file,
                "error",
                line=str(one.line),
                column="1",
                severity={"note": "info"}.get(one.severity, one.severity),
                message=_text(one.message),
                source=f"dockerslim.{one.rule}",
            )
    return _written(root)


def junit(results: Sequence[Result]) -> str:
    """JUnit's report: a test a file, which fails where something could be changed or breaks a build."""
    ordered = sorted(results, key=shown_path)
    failed = sum(result.changed or any(one.breaks for one in result.remarks) for result in ordered)
    root = Element("testsuites", name="dockerslim", tests=str(len(ordered)), failures=str(failed))
    suite = SubElement(root, "testsuite", name="dockerslim", tests=str(len(ordered)), failures=str(failed))
    for result in ordered:
        case = SubElement(suite, "testcase", name=_text(shown_path(result)), classname="dockerslim")
        found = [one for one in findings(result) if one.severity != "note"]
        if found:
            count = "1 finding" if len(found) == 1 else f"{len(found)} findings"
            failing = any(one.breaks for one in found)
            message = f"the build fails; {count}" if failing else count
            told = (
                f"{one.path}:{one.line}: {'error: ' if one.breaks else ''}{one.rule} {one.message}"
                for one in sorted(found, key=lambda one: not one.breaks)
            )
            kind = "error" if failing else "dockerslim"
            SubElement(case, "failure", message=message, type=kind).text = "\n".join(map(_text, told))
    return _written(root)


def _written(root: Element) -> str:
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _text(text: str) -> str:
    """*text* in one line as XML can hold it: what shows a report in a job's log obeys lines that begin as commands."""
    return _FORBIDDEN.sub("�", printable(clean(text)))
