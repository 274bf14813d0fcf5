"""What package managers read of a project when they install, and why that may be more than files that can be named."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from dockerslim_rewrite.analysis.project import Installation
from dockerslim_rewrite.context.installing import installation_of
from dockerslim_rewrite.context.installing.readers import READERS
from dockerslim_rewrite.context.tree import ContextTree
from dockerslim_rewrite.knowledge.installers import all_installers, settings_of


def installation(root: Path, manager: str, entry: str, files: dict[str, str]) -> Installation:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return installation_of(ContextTree(root), manager, entry)


def test_every_installer_has_a_reader() -> None:
    managers = {one.manager for one in all_installers()}
    named = {setting.read for manager in managers for setting in settings_of(manager) if setting.read}
    assert managers | named == set(READERS)


PACKAGE = '{"dependencies": {"a": "^1"}, "scripts": {"start": "x"}}'
CRATE = '[package]\nname = "a"\n[dependencies]\nserde = "1"\n'
POM = '<project xmlns="http://maven.apache.org/POM/4.0.0"><artifactId>a</artifactId>%s</project>'
SOLUTION = r"""
Project("{1}") = "a", "src\a.csproj", "{2}"
Project("{2150E333-8FDC-42A3-9474-1A3956D46DE8}") = "s", "s", "{3}"
"""
CSPROJ = '<Project Sdk="Microsoft.NET.Sdk">%s</Project>'


@pytest.mark.parametrize(
    ("manager", "entry", "files", "read"),
    [
        (
            "pip",
            "requirements/dev.txt",
            {
                "requirements/dev.txt": "-r base.txt\n-c ../constraints.txt # why",
                "requirements/base.txt": "x",
                "constraints.txt": "x<2",
            },
            "requirements/dev.txt requirements/base.txt constraints.txt",
        ),
        (
            "pip",
            "a.txt",
            {"a.txt": "-e git+https://example.com/a.git#egg=a\nflask>=2 # -e .\n-f https://e/\n"},
            "a.txt",
        ),
        ("uv-pip", "a.txt", {"a.txt": "x", "uv.toml": ""}, "a.txt uv.toml"),
        (
            "uv",
            "",
            {"pyproject.toml": '[project]\nname = "a"\n', "uv.lock": "", "README.md": ""},
            "pyproject.toml uv.lock",
        ),
        (
            "poetry",
            "",
            {"pyproject.toml": "[tool.poetry]\npackage-mode = false\n", "poetry.lock": ""},
            "pyproject.toml poetry.lock",
        ),
        ("pdm", "", {"pyproject.toml": "", "pdm.lock": ""}, "pyproject.toml pdm.lock"),
        ("pipenv", "", {"Pipfile": '[packages]\na = "*"\n', "Pipfile.lock": "{}"}, "Pipfile Pipfile.lock"),
        ("conda", "e.yml", {"e.yml": "dependencies:\n  - pip:\n    - -r r.txt\n", "r.txt": "x"}, "e.yml r.txt"),
        (
            "npm",
            "",
            {"package.json": PACKAGE, ".npmrc": "cafile=certs/ca.pem", "certs/ca.pem": ""},
            "package.json .npmrc certs/ca.pem",
        ),
        (
            "npm",
            "web",
            {
                "web/package.json": '{"workspaces": ["parts/*"]}',
                "web/parts/a/package.json": "{}",
                "web/parts/a/x/package.json": "{}",
            },
            "web/package.json web/parts/a/package.json",
        ),
        (
            "npm",
            "",
            {"package.json": PACKAGE, "package-lock.json": '{"packages": {"": {"dependencies": {"a": "^1"}}}}'},
            "package.json package-lock.json",
        ),
        (
            "yarn",
            "",
            {"package.json": PACKAGE, "yarn.lock": '"a@^1", a@^1.2:\n  version "1"\n'},
            "package.json yarn.lock",
        ),
        (
            "yarn",
            "",
            {
                "package.json": "{}",
                ".yarnrc.yml": "yarnPath: .yarn/releases/yarn-4.cjs",
                ".yarn/releases/yarn-4.cjs": "",
            },
            "package.json .yarnrc.yml .yarn/releases/",
        ),
        (
            "pnpm",
            "",
            {
                "package.json": PACKAGE,
                "pnpm-lock.yaml": "importers:\n  .:\n    dependencies:\n      a:\n        specifier: ^1\n",
                "pnpm-workspace.yaml": "packages:\n  - 'b'\nother: 1\n",
                "b/package.json": "{}",
            },
            "package.json b/package.json pnpm-lock.yaml pnpm-workspace.yaml",
        ),
        (
            "go",
            "",
            {
                "go.mod": "module a\nrequire example.com/b v1.0.0\nreplace a => example.com/b v1.0.0",
                "go.sum": "example.com/b v1.0.0 h1:x=",
            },
            "go.mod go.sum",
        ),
        (
            "cargo",
            "",
            {"Cargo.toml": CRATE, "Cargo.lock": "", "src/main.rs": "", "src/other.rs": ""},
            "Cargo.toml Cargo.lock src/main.rs",
        ),
        (
            "bundler",
            "",
            {
                "Gemfile": "ruby file: '.ruby-version'\ngem 'a', git: 'https://e/a', require: false",
                ".ruby-version": "3",
            },
            "Gemfile .ruby-version",
        ),
        (
            "composer",
            "",
            {"composer.json": '{"autoload": {"psr-4": {"A": "src/"}}}', "composer.lock": '{"packages": []}'},
            "composer.json composer.lock",
        ),
        (
            "maven",
            "",
            {
                "pom.xml": POM % "<modules><module>core</module></modules>",
                "core/pom.xml": POM % "<parent><artifactId>a</artifactId></parent>",
                "mvnw": "",
                ".mvn/wrapper/maven-wrapper.properties": "",
            },
            "pom.xml core/pom.xml mvnw .mvn/",
        ),
        (
            "gradle",
            "",
            {
                "build.gradle": "plugins { id 'java' }\nrepositories { mavenCentral() }\n",
                "settings.gradle": "rootProject.name = 'a'",
                "gradlew": "",
                "gradle/wrapper/gradle-wrapper.properties": "",
            },
            "build.gradle settings.gradle gradlew gradle/",
        ),
        (
            "dotnet",
            "src/App/App.csproj",
            {
                "src/App/App.csproj": CSPROJ
                % '<ItemGroup><ProjectReference Include="..\\Lib\\Lib.csproj" /></ItemGroup>',
                "src/Lib/Lib.csproj": CSPROJ % "",
                "src/Directory.Packages.props": "<Project />",
                "NuGet.config": "<configuration />",
            },
            "NuGet.config src/App/App.csproj src/Directory.Packages.props src/Lib/Lib.csproj",
        ),
        (
            "pip",
            "r.txt",
            {
                "r.txt": "flask\nhttps://example.com/a/1.zip\nb @ https://example.com/b.whl\ngit+https://example.com/c.tar.gz\n"
            },
            "r.txt",
        ),
        (
            "dotnet",
            "",
            {
                "a.sln": SOLUTION,
                "src/a.csproj": CSPROJ % "",
            },
            "a.sln src/a.csproj",
        ),
    ],
)
def test_what_is_read(tmp_path: Path, manager: str, entry: str, files: dict[str, str], read: str) -> None:
    found = installation(tmp_path, manager, entry, files)
    assert found.obstacles == ()
    assert sorted([*found.files, *(f"{one}/" for one in found.folders)]) == sorted(read.split())


@pytest.mark.parametrize(
    ("manager", "entry", "files", "obstacle"),
    [
        ("pip", "r.txt", {"r.txt": "-e ."}, "r.txt:1 installs from the project itself"),
        ("pip", "r.txt", {"r.txt": "flask\n./wheels/a.whl"}, "r.txt:2 installs a local file"),
        ("pip", "r.txt", {"r.txt": "a @ file:///b"}, "r.txt:1 installs a local file"),
        ("pip", "r.txt", {"r.txt": "wheels/a.whl"}, "r.txt:1 may install a local file"),
        ("pip", "r.txt", {"r.txt": "-r gone.txt"}, "gone.txt is not in the context"),
        ("pip", "r.txt", {"r.txt": "-r ../gone.txt"}, "which is not in the context"),
        ("pip", "r.txt", {"r.txt": "--find-links wheels"}, "a local directory"),
        ("uv", "", {"pyproject.toml": "[build-system]\nrequires = []\n", "uv.lock": ""}, "installs the project itself"),
        ("uv", "", {"pyproject.toml": '[tool.uv.workspace]\nmembers = ["a"]\n', "uv.lock": ""}, "workspace"),
        (
            "uv",
            "",
            {"pyproject.toml": '[tool.uv.sources]\na = {path = "a"}\n', "uv.lock": ""},
            "takes a from the project",
        ),
        ("uv", "", {"pyproject.toml": '[project]\ndynamic = ["dependencies"]\n', "uv.lock": ""}, "are computed"),
        ("poetry", "", {"pyproject.toml": "[tool.poetry]\n"}, "installs the project itself"),
        ("poetry", "", {"pyproject.toml": '[tool.poetry.group.dev.dependencies]\na = {path = "a"}\n'}, "takes a from"),
        ("pdm", "", {"pyproject.toml": '[tool.pdm.scripts]\npost_install = "x"\n', "pdm.lock": ""}, "runs scripts"),
        ("pipenv", "", {"Pipfile": '[packages]\na = {path = "."}\n'}, "takes a from the project itself"),
        ("conda", "e.yml", {"e.yml": "dependencies:\n  - pip:\n    - -e .\n"}, "reads the project itself"),
        ("npm", "", {"package.json": '{"dependencies": {"a": "link:../a"}}'}, "takes a from the project itself"),
        ("npm", "", {"package.json": '{"scripts": {"prepare": "husky"}}'}, "runs its script prepare"),
        ("npm", "", {"package.json": '{"workspaces": ["a/**"]}'}, "the workspaces a/** are not read here"),
        ("npm", "", {"package.json": '{"workspaces": ["a"]}', "a/package.json": '{"bin": "x.js"}'}, "has programs"),
        (
            "npm",
            "",
            {"package.json": '{"workspaces": ["a"]}', "a/package.json": '{"scripts": {"install": "x"}}'},
            "a/package.json runs",
        ),
        (
            "npm",
            "",
            {"package.json": PACKAGE, "package-lock.json": '{"packages": {"": {}}}'},
            "may change package-lock.json",
        ),
        (
            "npm",
            "",
            {"package.json": "{}", "package-lock.json": '{"lockfileVersion": 1}'},
            "may change package-lock.json",
        ),
        ("npm", "", {"package.json": "[1]"}, "are not written as"),
        ("npm", "", {"package.json": "{"}, "are not written as"),
        ("npm", "", {}, "package.json is not in the context"),
        ("yarn", "", {"package.json": PACKAGE, "yarn.lock": "a@^2:\n"}, "may change yarn.lock"),
        ("yarn", "", {"package.json": "{}", ".yarn/plugins/x.cjs": ""}, "plugins of Yarn"),
        ("pnpm", "", {"package.json": PACKAGE, "pnpm-lock.yaml": "a:\n  specifier: ^2"}, "may change pnpm-lock.yaml"),
        ("pnpm", "", {"package.json": "{}", ".pnpmfile.cjs": ""}, "a program that pnpm runs"),
        ("pnpm", "", {"package.json": "{}", "pnpm-workspace.yaml": "packages: [a"}, "cannot be read as YAML"),
        ("go", "", {"go.mod": "replace a => ../a"}, "replaces a module"),
        ("go", "", {"go.mod": "require (\n example.com/b v1.0.0 // why\n)", "go.sum": "x v1 h1:y"}, "lacks sums"),
        ("cargo", "", {"Cargo.toml": CRATE, "Cargo.lock": ""}, "no file makes Cargo.toml a crate"),
        (
            "cargo",
            "",
            {"Cargo.toml": CRATE + 'a = { path = "a" }', "Cargo.lock": "", "src/lib.rs": ""},
            "takes crates from",
        ),
        ("cargo", "", {"Cargo.toml": '[workspace]\nmembers = ["a"]', "Cargo.lock": ""}, "workspace"),
        ("bundler", "", {"Gemfile": "gem 'a', path: 'a'"}, "Gemfile:1 reads the project itself"),
        ("bundler", "", {"Gemfile": "eval(File.read('more'))"}, "Gemfile:1 reads the project itself"),
        ("composer", "", {"composer.json": "{}"}, "composer.lock is not in the context"),
        (
            "composer",
            "",
            {"composer.json": '{"autoload": {"classmap": ["a"]}}', "composer.lock": "{}"},
            "autoloads files",
        ),
        (
            "composer",
            "",
            {"composer.json": '{"scripts": {"post-install-cmd": "x"}}', "composer.lock": "{}"},
            "runs scripts",
        ),
        (
            "composer",
            "",
            {"composer.json": "{}", "composer.lock": '{"packages": [{"name": "f", "type": "composer-plugin"}]}'},
            "f is a plugin",
        ),
        (
            "composer",
            "",
            {"composer.json": "{}", "composer.lock": "{}", ".git/HEAD": ""},
            "asks git for the project's own version",
        ),
        (
            "composer",
            "",
            {"composer.json": '{"repositories": [{"type": "path", "url": "a"}]}', "composer.lock": "{}"},
            "takes packages",
        ),
        ("maven", "", {"pom.xml": POM % "<modules><module>gone</module></modules>"}, "pom.xml names gone/pom.xml"),
        ("maven", "", {"pom.xml": POM % "<a><systemPath>x</systemPath></a>"}, "takes a library from the project"),
        ("maven", "", {"pom.xml": POM % "<build><extensions><extension/></extensions></build>"}, "loads extensions"),
        ("maven", "", {"pom.xml": POM % "", ".mvn/extensions.xml": ""}, "loads extensions"),
        ("maven", "", {"pom.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}, "are not written as"),
        ("gradle", "", {"build.gradle": "apply from: 'other.gradle'"}, "may read the project: apply from"),
        ("gradle", "", {"build.gradle": "", "settings.gradle": "include 'core'"}, "may read the project: include"),
        ("gradle", "", {"build.gradle": "version = file('VERSION').text"}, "may read the project: file("),
        ("gradle", "", {"build.gradle": "plugins { id 'com.gorylenko.gradle-git-properties' }"}, "applies the plugin"),
        ("gradle", "", {"build.gradle": "plugins { alias(libs.plugins.boot) }"}, "may read the project: alias("),
        ("gradle", "", {"build.gradle": "", "buildSrc/a.groovy": ""}, "buildSrc is compiled"),
        ("dotnet", "", {"a.csproj": "<Project/>", "b.csproj": "<Project/>"}, "2 projects and solutions"),
        ("dotnet", "a.csproj", {"a.csproj": '<Project><Import Project="x.props"/></Project>'}, "reads other files"),
        ("dotnet", "a.csproj", {"a.csproj": "<Project/>", "obj/x": ""}, "the context holds obj"),
        (
            "dotnet",
            "a.csproj",
            {"a.csproj": '<Project><ProjectReference Include="$(X)/b.csproj"/></Project>'},
            "refers to $(X)",
        ),
        (
            "dotnet",
            "a.csproj",
            {"a.csproj": '<Project><ProjectReference Include="b.csproj"/></Project>'},
            "names b.csproj",
        ),
    ],
)
def test_obstacles(tmp_path: Path, manager: str, entry: str, files: dict[str, str], obstacle: str) -> None:
    found = installation(tmp_path, manager, entry, files)
    assert any(obstacle in one.reason for one in found.obstacles), found.obstacles


def test_requirements_in_a_circle_end(tmp_path: Path) -> None:
    found = installation(tmp_path, "pip", "a.txt", {"a.txt": "-r b.txt", "b.txt": "-r a.txt"})
    assert found.files == ("a.txt", "b.txt")


def test_models_in_a_circle_end(tmp_path: Path) -> None:
    files = {
        "pom.xml": POM % "<modules><module>a</module></modules>",
        "a/pom.xml": POM % "<modules><module>..</module></modules>",
    }
    assert set(installation(tmp_path, "maven", "", files).files) == set(files)


#: Texts that cost a careless pattern the square of their length, by the file that they stand in.
_LONG = 400_000
HOSTILE = {
    "requirements.txt": " " * _LONG + "@" * _LONG,
    "environment.yml": "- " + " " * _LONG + "x",
    "package.json": json.dumps({"dependencies": {f"a{n}": "^1" for n in range(20_000)}}),
    "yarn.lock": "a@^1, " * (_LONG // 6),
    "pnpm-lock.yaml": "a:\n" * (_LONG // 3),
    "pnpm-workspace.yaml": "packages:\n" + "#\n" * (_LONG // 2),
    "go.mod": "require (\n" + "a.b" * _LONG,
    "go.sum": "a.b v1" * (_LONG // 6),
    "Gemfile": "require" * (_LONG // 7),
    "pom.xml": "<a>" * (_LONG // 3),
    "build.gradle": "apply" + " " * _LONG + "/*" * _LONG,
    "a.csproj": "<Project>" + "Exists" * (_LONG // 6) + "</Project>",
    "Pipfile": "[" * (_LONG // 100),
    "pyproject.toml": "a = " + "[" * (_LONG // 100),
    "Cargo.toml": "a." * (_LONG // 100),
    "composer.json": "[" * (_LONG // 4),
}


@pytest.mark.parametrize("manager", sorted(READERS))
def test_hostile_manifests_cost_little(tmp_path: Path, manager: str) -> None:
    entry = {"pip": "requirements.txt", "uv-pip": "requirements.txt", "conda": "environment.yml"}.get(manager, "")
    start = time.process_time()
    installation(tmp_path, manager, entry, HOSTILE)
    assert time.process_time() - start < 5
