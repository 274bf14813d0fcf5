"""``python -m tests.embedded.figures``: real Dockerfiles put into Python modules and rewritten there.

Each file of a fixed sample is written into a module in several forms. What a literal means afterwards has to be what
rewriting the file by itself makes of it, or the literal as it was, with the reason. Ends with 1 where it is neither,
or where anything else in the module is different.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.embedded.rewrite import rewrite_python
from dockerslim_rewrite.syntax import ParseError
from tests.corpus.files import CorpusFile, NoCorpusError, corpus_files, sample
from tests.corpus.judges import hadolint

_HEAD = "import textwrap\n\n\ndef build(version, run):\n    # The image\n    return run("
_TAIL = ")\n"
_TAG = re.compile(r"\A((?:[ \t]*(?:#.*)?\n)*[ \t]*FROM[ \t]+[a-z0-9./-]+:)([\w.-]+)(?=[ \t]*\n)", re.I)


def _escaped(text: str) -> str:
    return re.sub(r'"(?=""|\Z)', r'\\"', text.replace("\\", "\\\\"))


def _quoted(text: str) -> str | None:
    return f'"""{_escaped(text)}"""'


def _raw(text: str) -> str | None:
    return None if '"""' in text or text.endswith(("\\", '"')) else f'r"""{text}"""'


def _one_line(text: str) -> str | None:
    return repr(text)


def _margin(text: str) -> str | None:
    lines = "".join(f"        {line}" if line.strip() else line for line in text.splitlines(keepends=True))
    return f'textwrap.dedent("""\\\n{_escaped(lines)}""")'


def _formatted(text: str) -> str | None:
    """An f-string in which the base image's tag is a placeholder."""
    bare = _escaped(text).replace("{", "{{").replace("}", "}}")
    found = _TAG.sub(r"\1{version}", bare, count=1)
    return None if found == bare else f'f"""{found}"""'


FORMS: dict[str, Callable[[str], str | None]] = {
    "three quotes": _quoted,
    "raw, three quotes": _raw,
    "one line with `\\n`": _one_line,
    "with a margin, for `textwrap.dedent`": _margin,
    "f-string, the tag a placeholder": _formatted,
}


@dataclass(slots=True)
class Form:
    """What became of the modules of one form."""

    modules: int = 0
    rewritten: int = 0
    changes: int = 0
    left: Counter[str] = field(default_factory=Counter)
    unequal: list[str] = field(default_factory=list)


def figures(files: Sequence[CorpusFile], options: Options) -> tuple[dict[str, Form], list[bytes], list[bytes]]:
    """The outcome by form, and the Dockerfiles of the first form before and after."""
    found = {name: Form() for name in FORMS}
    before: list[bytes] = []
    after: list[bytes] = []
    for file in files:
        try:
            text = file.text.decode("utf-8")
            plain = rewrite(text, options).text
        except (UnicodeDecodeError, ParseError):
            continue
        if "\r" in text or "\0" in text:
            continue
        for name, write in FORMS.items():
            literal = write(text)
            if literal is None:
                continue
            form = found[name]
            form.modules += 1
            module = _HEAD + literal + _TAIL
            result = rewrite_python(module, options)
            form.changes += len(result.changes)
            form.rewritten += result.changed
            form.left.update(remark.reason for remark in result.remarks if remark.rule == "DS000")
            # The margin of a line of blanks is no part of what the literal means.
            meant = _value(module) if "dedent(" in module else text
            if not _right(module, result.text, plain if meant == text else rewrite(meant, options).text):
                form.unequal.append(file.name)
            if write is _quoted:
                before.append(text.encode())
                after.append(_value(result.text).encode())
    return found, before, after


def _right(module: str, result: str, plain: str) -> bool:
    """Whether *result* has what rewriting alone makes of the literal, or is *module*; and the rest as it was."""
    if result == module:
        return True
    rest = result.startswith(_HEAD) and result.endswith(_TAIL)
    # With a placeholder for the tag the file is another one, which may be rewritten another way.
    return rest and ("{version}" in module or _value(result) == plain)


def _value(module: str) -> str:
    """What the literal in *module* means, its margin taken off."""
    import textwrap

    [text] = [node.value for node in ast.walk(ast.parse(module)) if isinstance(node, ast.Constant)]
    assert isinstance(text, str)
    return textwrap.dedent(text) if "dedent(" in module else text


def main() -> int:
    """Print the table; 1 when a module is not as it has to be, 2 without a corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=300, help="so many Dockerfiles (%(default)s)")
    try:
        files = sample([file for file in corpus_files() if not file.negative], parser.parse_args().n)
    except NoCorpusError as error:
        print(error, file=sys.stderr)
        return 2
    found, before, after = figures(files, Options())
    print("| literal | modules | rewritten | changes | left alone, with the reason |\n|---|---:|---:|---:|---|")
    for name, form in found.items():
        left = "; ".join(f"{count}: {reason}" for reason, count in form.left.most_common()) or "none"
        print(f"| {name} | {form.modules} | {form.rewritten} | {form.changes} | {left} |")
    counts = [sum(sum(one.values()) for one in hadolint(texts)) for texts in (before, after)]
    print(f"\nFindings of hadolint in the literals with three quotes: {counts[0]} before, {counts[1]} after.")
    unequal = [f"{name}: {file}" for name, form in found.items() for file in form.unequal]
    print(f"{len(unequal)} modules are not as they have to be", *unequal[:10], sep="\n  ", file=sys.stderr)
    return 1 if unequal else 0


if __name__ == "__main__":
    sys.exit(main())
