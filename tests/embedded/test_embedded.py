"""Dockerfiles in Python literals: rewritten where they stand, and nothing else changes."""

from __future__ import annotations

import ast
import random

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.embedded.rewrite import rewrite_python

POOR = 'FROM debian:12\nRUN apt-get update && apt-get install -y curl\nCMD ["curl"]\n'
OPTIONS = Options(select=("DS201", "DS602", "DS604"))
GOOD = rewrite(POOR, OPTIONS).text


def done(module: str) -> str:
    result = rewrite_python(module, OPTIONS)
    assert not result.bugs
    assert result.patch.apply(module) == result.text
    assert not rewrite_python(result.text, OPTIONS).changed
    return result.text


def values(module: str) -> list[object]:
    return [node.value for node in ast.walk(ast.parse(module)) if isinstance(node, ast.Constant)]


def test_the_rewriter_has_something_to_do() -> None:
    assert GOOD != POOR
    assert "\\\n" in GOOD


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('x = """{}"""\n', 'x = """{}"""\n'),
        ("x = '''\\\n{}'''\n", "x = '''\\\n{}'''\n"),
        ('x = u"""\n{}\n"""  # comment\n', 'x = u"""\n{}\n"""  # comment\n'),
    ],
)
def test_triple_quotes(before: str, after: str) -> None:
    escaped = GOOD.replace("\\", "\\\\")
    assert done(before.format(POOR)) == after.format(escaped)


def test_raw_literals_keep_their_backslashes() -> None:
    assert done(f'x = r"""{POOR}"""\n') == f'x = r"""{GOOD}"""\n'


def test_one_line_with_escapes() -> None:
    module = f"x = {POOR!r}\n"
    assert values(done(module)) == [GOOD]
    assert done(module).count("\n") == 1
    other = "x = '" + POOR.replace("\n", "\\n") + "'\n"
    assert values(done(other)) == [GOOD]


def test_margins_stay() -> None:
    indented = POOR.replace("\n", "\n        ").rstrip(" ")
    module = f'import textwrap\n\ndef f():\n    return textwrap.dedent("""\n        {indented}    """)\n'
    after = done(module)
    assert values(after)[-1].startswith("\n        FROM debian:12\n        RUN apt-get update")  # type: ignore[attr-defined]
    import textwrap

    assert textwrap.dedent(str(values(after)[-1])).strip() == textwrap.dedent(GOOD).strip()


def test_sql_is_no_dockerfile() -> None:
    module = 'f"""\n    SELECT a\n    FROM `{table}`\n    WHERE b\n"""\n'
    assert rewrite_python(module, OPTIONS).remarks == ()


def test_margins_stay_where_empty_lines_go() -> None:
    poor = "FROM alpine:3.5\n\nRUN \\\n    # edge\n    echo a >> /b && \\\n\n    # bash\n    apk add bash\n"
    merged = rewrite(poor, Options()).text
    assert merged.count("\n\n") < poor.count("\n\n")
    lines = "".join(f"        {line}" if line.strip() else line for line in poor.splitlines(keepends=True))
    module = 'import textwrap\nx = textwrap.dedent(r"""' + lines.lstrip(" ") + '""")\n'
    module = module.replace('r"""FROM', 'r"""\n        FROM')
    import textwrap

    after = rewrite_python(module, Options()).text
    assert textwrap.dedent(str(values(after)[-1])) == f"\n{merged}"


def test_line_ends_of_the_module() -> None:
    module = f'# a\r\nx = """{POOR}"""\r\n'.replace("\r\n", "\n").replace("\n", "\r\n")
    after = done(module)
    assert after.count("\n") == after.count("\r\n")
    assert values(after) == [GOOD]


def test_other_scripts_before_it() -> None:
    module = f'name = "Größe 🐳"\nx = """# für 🐳\n{POOR}"""\n'
    assert values(done(module))[1] == f"# für 🐳\n{GOOD}"


def test_nothing_else_changes_by_one_byte() -> None:
    seed = random.Random(7)
    lines = ["import os", "", "#\tcomment  ", "y = 'FROM'  ", "def f(a ,b):", "    return a+ b ;", 'z = """RUN x\n"""']
    for _ in range(50):
        before, after = seed.choices(lines, k=5), seed.choices(lines, k=5)
        head, tail = "\n".join(before) + "\n", "\n" + "\n".join(after)
        try:
            ast.parse(f"{head}x = 1{tail}")
        except SyntaxError:
            continue
        escaped = GOOD.replace("\\", "\\\\")
        assert done(f'{head}x = """{POOR}"""{tail}') == f'{head}x = """{escaped}"""{tail}'


def test_several_literals_in_one_module() -> None:
    module = f'a = """{POOR}"""\nb = r"""{POOR}"""\nc = "no Dockerfile: FROM a to b"\n'
    assert [value for value in values(done(module)) if value == GOOD] == [GOOD, GOOD]
    assert len(rewrite_python(module, OPTIONS).changes) == 2


def test_lines_are_those_of_the_module() -> None:
    module = f'import os\n\n\nx = """\n{POOR}"""\n'
    change = rewrite_python(module, OPTIONS).changes[0]
    assert change.line == 6


@pytest.mark.parametrize(
    ("module", "kept"),
    [
        ('x = f"""FROM debian:{{v}}\n{}"""\n', "{v}"),
        ('x = f"""FROM {{base}}\n{}LABEL a={{b!r:>4}}\n"""\n', "LABEL a={b!r:>4}"),
        ('x = """FROM {{base}}\n{}""".format(base=1)\n', "FROM {base}"),
        ('T = """FROM {{base}}\n{}"""\nprint(T.format(base=1))\n', "FROM {base}"),
        ('x = """FROM %s\n{}""" % base\n', "FROM %s"),
        ('x = """FROM %(b)s\n{}""" % {{"b": 1}}\n', "FROM %(b)s"),
    ],
)
def test_placeholders_survive(module: str, kept: str) -> None:
    body = "RUN apt-get update && apt-get install -y curl\n"
    before = module.format(body)
    after = done(before)
    assert after != before
    assert kept in after
    assert "rm -rf /var/lib/apt/lists/*" in after


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (
            'x = f"""FROM debian:12\n{install}\nRUN apt-get update && apt-get install -y curl\n"""\n',
            "whole instructions",
        ),
        ('x = f"""FROM debian:12\nRUN {x} && apt-get update && apt-get install -y curl\n"""\n', "or commands"),
        (
            'x = f"""FROM debian:12\nRUN apt-get update && apt-get install -y {x}\n"""\n',
            "an instruction with a placeholder",
        ),
        ('x = "FROM debian:12\\n" "RUN apt-get update && apt-get install -y curl\\n"\n', "several literals"),
        ('x = """FROM debian:12\nRUN apt-get update && apt-get install -y {{ p }}\n"""\n', "Jinja"),
        ('x = b"""FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"""\n', "bytes"),
        ("def f(:\n    pass\n", "cannot be parsed"),
        ("x = " + "(" * 3000 + "1" + ")" * 3000, "cannot be parsed"),
        ("x = " + "-" * 3000 + "1", "cannot be parsed"),
    ],
)
def test_what_stays_with_a_reason(module: str, reason: str) -> None:
    result = rewrite_python(module, OPTIONS)
    assert not result.changed
    assert any(reason in remark.reason for remark in result.remarks), result.remarks


@pytest.mark.parametrize(
    "module",
    [
        'x = """FROM here to eternity\n"""\n',
        'x = """Dear all,\nFROM now on RUN\n"""\n',
        "x = 'FROM a'\n",
        'SQL = """\nSELECT a\nFROM b\nWHERE c\n"""\n',
        "",
    ],
)
def test_what_is_no_dockerfile(module: str) -> None:
    result = rewrite_python(module, OPTIONS)
    assert not result.changed
    assert result.remarks == ()


def test_bytes_in_bytes_out() -> None:
    data = f'x = """{POOR}"""\n'.encode()
    assert rewrite_python(data, OPTIONS).to_bytes() == done(data.decode()).encode()


def test_of_more_dockerfiles_than_a_person_writes_the_first_are_rewritten() -> None:
    module = "".join(f'A{number} = """{POOR}"""\n' for number in range(1_000))
    result = rewrite_python(module, OPTIONS)
    taken = sum(value == GOOD for value in values(result.text))
    assert 100 < taken < 1_000
    assert sum(value == POOR for value in values(result.text)) == 1_000 - taken
    (told,) = (one for one in result.remarks if "from here on stay as they are" in one.reason)
    assert module.split("\n")[told.line - 1].startswith(f"A{taken} = ")


def test_a_name_tells_what_fills_its_literal() -> None:
    module = f'from textwrap import dedent\nA = dedent("""{POOR}""")\nB = """{POOR}"""\nprint(B % 1)\n'
    assert GOOD in values(done(module))
