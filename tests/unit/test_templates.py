"""Every template there is can be overridden, and what the override says is what comes out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.cli import main
from dockerslim_rewrite.render.sources import shipped_templates

ROOT = shipped_templates()
#: Files in which the engine has something to write for each shell fragment, with the level and the rule that does.
SHELL = {
    "apt-lists": ("FROM debian:12\nRUN apt-get update && apt-get install -y a\n", "DS201"),
    "as-root": ("FROM debian:12\nUSER 1000\nRUN sudo apt-get update && sudo apt-get install -y a\n", "DS201"),
    "remove-files": (
        "FROM debian:12\nRUN curl -sSLo /tmp/a.tar.gz https://example.com/a.tar.gz && tar -C /opt -xzf /tmp/a.tar.gz\n",
        "DS208",
    ),
    "remove-trees": (
        "FROM debian:12\nRUN git clone https://github.com/example/a.git /srv/a && chmod -R a+r /srv/a\n",
        "DS209",
    ),
}
KINDS = {
    "add": "ADD https://example.com/a /a", "arg": "ARG A=b", "cmd": 'CMD ["a"]', "copy": "COPY a /a",
    "entrypoint": 'ENTRYPOINT ["a"]', "env": "ENV A=b", "expose": "EXPOSE 80", "from": "FROM a AS b",
    "healthcheck": "HEALTHCHECK NONE", "label": "LABEL a=b", "maintainer": "MAINTAINER a", "onbuild": "ONBUILD RUN a",
    "run": "RUN a", "shell": 'SHELL ["/bin/bash", "-c"]', "stopsignal": "STOPSIGNAL 9", "user": "USER a",
    "volume": "VOLUME /a", "workdir": "WORKDIR /a",
}  # fmt: skip


def overriding(folder: Path, name: str, old: str, new: str) -> Path:
    """A directory with the template *name* alone, *old* in it replaced by *new*."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = (ROOT / name).read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return folder


def test_every_template_is_tried_here() -> None:
    there = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.j2")}
    tried = {f"instructions/{kind}.j2" for kind in KINDS} | {f"shell/{name}.j2" for name in SHELL}
    tried |= {"stages/runtime.j2", "dockerfile.j2"}
    tried |= {"shell/apt-install.j2", "shell/account-shadow.j2", "shell/account-busybox.j2", "shell/own-folders.j2"}
    tried.add("shell/own-built.j2")
    assert {name for name in there if not name.startswith("report/")} == tried


@pytest.mark.parametrize("kind", KINDS)
def test_canonical_layout_takes_the_template_of_the_instruction(kind: str, tmp_path: Path) -> None:
    folder = overriding(tmp_path, f"instructions/{kind}.j2", "{{ keyword }} ", "{{ keyword }}  ")
    text = f"FROM a\n{KINDS[kind]}\n" if kind != "from" else f"{KINDS[kind]}\nRUN a\n"
    result = rewrite(text, Options(style="canonical", templates=folder, select=("DS606",)))
    keyword, _, body = KINDS[kind].partition(" ")
    assert f"{keyword}  {body}\n" in result.text


@pytest.mark.parametrize("name", SHELL)
def test_rules_take_the_fragment(name: str, tmp_path: Path) -> None:
    text, rule = SHELL[name]
    old = (ROOT / "shell" / f"{name}.j2").read_text("utf-8").split(" ")[0]
    folder = overriding(tmp_path, f"shell/{name}.j2", old, f"{old} ")
    plain = rewrite(text, Options(level="aggressive", select=(rule,)))
    result = rewrite(text, Options(level="aggressive", select=(rule,), templates=folder))
    assert plain.changed
    assert f"{old}  " not in plain.text
    assert f"{old}  " in result.text
    assert result.bugs == ()


def test_split_stages_take_their_template(tmp_path: Path) -> None:
    text = 'FROM golang:1.22\nCOPY . /src\nRUN cd /src && go build -o /usr/local/bin/a .\nCMD ["/usr/local/bin/a"]\n'
    folder = overriding(tmp_path, "stages/runtime.j2", "--from={{ builder }} ", "--from={{ builder }}  ")
    result = rewrite(text, Options(level="aggressive", select=("DS401",), templates=folder))
    assert "COPY --from=build  /usr/local/bin/a" in result.text
    assert result.bugs == ()


def test_what_the_build_leaves_takes_its_template(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "server.js").write_text("require('next')({})\n")
    folder = overriding(tmp_path / "mine", "shell/own-built.j2", "chown", " chown")
    text = 'FROM node:22\nWORKDIR /a\nCOPY . .\nRUN npx next build\nCMD ["node", "server.js"]\n'
    options = Options(level="aggressive", templates=folder, select=("DS501",), context=tmp_path / "a")
    assert " chown -R 1000:1000 /a/.next\n" in rewrite(text, options).text


def test_the_whole_file_takes_its_template(tmp_path: Path) -> None:
    folder = overriding(tmp_path, "dockerfile.j2", "{{ block.text }}", "{{ block.text }}\n# mark")
    result = rewrite("from a\n", Options(style="canonical", templates=folder, select=("DS606",)))
    # A comment that nobody wrote is not proven: the file stays as it is, and the journal says so.
    assert result.bugs


def test_a_broken_template_is_one_line_and_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT, tmp_path / "mine")
    (tmp_path / "mine" / "shell" / "apt-lists.j2").write_text("rm {{ nothing }}")
    path = tmp_path / "Dockerfile"
    path.write_text("FROM debian:12\nRUN apt-get update && apt-get install -y a\n")
    monkeypatch.setattr("sys.argv", ["dockerslim", "rewrite", str(path), "--templates", str(tmp_path / "mine")])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "shell/apt-lists.j2" in told[0]
