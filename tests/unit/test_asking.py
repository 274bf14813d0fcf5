"""What a build asks of package indexes, as its Dockerfile and its context tell."""

from __future__ import annotations

from pathlib import Path

from dockerslim_rewrite.cli.lock_packages import asked_by


def asked(folder: Path, text: str, files: dict[str, str]) -> list[str]:
    """The requirements that the Dockerfile *text* beside *files* asks for."""
    for name, content in {"Dockerfile": text, **files}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    return [one.requirement for build in asked_by([str(folder / "Dockerfile")], folder) for one in build]


PACKAGES = {
    "package.json": '{"dependencies": {"tide": "^1"}, "scripts": {"build": "cd client && npm install"}}',
    "client/package.json": '{"dependencies": {"shell": "^2"}}',
}


def test_the_folder_that_a_command_moved_to(tmp_path: Path) -> None:
    text = "FROM node:24\nWORKDIR /app\nCOPY . .\nRUN npm install && (cd client && npm install)\n"
    assert asked(tmp_path, text, PACKAGES) == ["tide@^1", "shell@^2"]


def test_the_folder_that_a_script_moves_to(tmp_path: Path) -> None:
    assert asked(tmp_path, "FROM node:24\nWORKDIR /app\nCOPY . .\nRUN npm run build\n", PACKAGES) == ["shell@^2"]


def test_a_folder_that_is_not_known_asks_for_nothing(tmp_path: Path) -> None:
    text = "FROM node:24\nWORKDIR /app\nCOPY . .\nRUN cd $HERE && npm install\n"
    assert asked(tmp_path, text, PACKAGES) == []


def test_requirements_where_the_command_moved_to(tmp_path: Path) -> None:
    text = "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN cd sub && pip install -r requirements.txt\n"
    assert asked(tmp_path, text, {"requirements.txt": "tide\n", "sub/requirements.txt": "shell\n"}) == ["shell"]


LOCK = """# yarn lockfile v1


tide@^1:
  version "1.2.0"
  resolved "https://registry.yarnpkg.com/tide/-/tide-1.2.0.tgz#0"
  dependencies:
    berth "^2"

berth@^2:
  version "2.0.0"
  resolved "https://registry.yarnpkg.com/berth/-/berth-2.0.0.tgz#0"

unused@^2:
  version "2.0.0"
  resolved "https://registry.yarnpkg.com/unused/-/unused-2.0.0.tgz#0"
"""


def test_the_versions_that_the_lock_file_of_yarn_names(tmp_path: Path) -> None:
    text = "FROM node:24\nWORKDIR /app\nCOPY . .\nRUN yarn install\n"
    assert asked(tmp_path, text, {**PACKAGES, "yarn.lock": LOCK}) == ["berth@2.0.0", "tide@1.2.0"]


def test_nothing_of_a_lock_file_that_yarn_may_not_follow(tmp_path: Path) -> None:
    text = "FROM node:24\nWORKDIR /app\nCOPY . .\nRUN rm yarn.lock && yarn install\n"
    assert asked(tmp_path, text, {**PACKAGES, "yarn.lock": LOCK}) == []
    strange = LOCK.replace("yarnpkg.com/berth", "example.org/berth")
    assert asked(tmp_path, text.replace("rm yarn.lock && ", ""), {**PACKAGES, "yarn.lock": strange}) == []


def test_a_lock_file_that_npm_does_not_find_yet(tmp_path: Path) -> None:
    files = {**PACKAGES, "package-lock.json": '{"packages": {}}'}
    late = "FROM node:24\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\nCOPY . .\n"
    assert asked(tmp_path, late, files) == ["tide@^1"]
    assert asked(tmp_path, late.replace("package.json ./", ". ."), files) == []
    assert asked(tmp_path, late.replace("npm install", "npm ci"), files) == []
