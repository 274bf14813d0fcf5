"""Installations by the form of their commands: which of them read no more of a project than the files they name."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from types import MappingProxyType

from ...patterns import re
from ...record import record
from ..core.observe import Command
from ..core.program import is_local
from ..users.accounts import is_account_command, unsafe_account
from .contents import Contents, Place
from .settings import reads_no_more

#: Commands that touch nothing of the project: they empty caches, write the user's settings, install named tools.
_APART = re.compile(
    r"(?:npm cache clean --force|yarn cache clean(?: --all)?|pnpm store prune|go clean(?: -cache| -modcache)+"
    r"|composer clear-?cache"
    r"|(?:conda|mamba|micromamba) clean(?: -\w+| --\w+)+|pip3? cache purge|corepack enable(?: \w+)?"
    r"|corepack prepare(?: [\w.@-]+)+(?: --activate)?|bundle config(?: [\w.:'-]+)+|gem install(?: [\w.:-]+)+"
    r"|(?:npm|pnpm|poetry|pip3?) (?:config )?set(?: (?!--local|--location|-L|--editor)[^ ]+)+"
    r"|poetry config(?: (?!--local)[^ ]+)+|composer config (?:-g|--global)(?: [^ ]+)+|go env -w(?: \w+=[^ ]*)+)\Z"
)
_SYSTEM = re.compile(
    r"(?:apt-get|apt|apk|yum|dnf|microdnf|zypper)\Z"  # what they install comes from repositories
)
#: Words of language installers that name neither a file nor a folder.
_NAME = re.compile(r"[A-Za-z0-9@][A-Za-z0-9_.@/+~^<>=!,\[\]*:-]*\Z")
#: Options by which any of the managers reads or writes elsewhere, or loads a program.
_ELSEWHERE = re.compile(
    r"--(?:prefix|cwd|dir|directory|gemfile|working-dir|project|project-dir|manifest-path|userconfig|globalconfig"
    r"|modules-folder|use-yarnrc|lockfile(?:-dir)?|virtual-store-dir|store-dir|modules-dir|filter|workspace|config(?:-file)?"
    r"|optimize-autoloader|classmap-authoritative|script|package|all-packages|find-links|requirements|editable|path|standalone|local|binstubs|packages|file"
    r"|lock-file-path|artifacts-path|build-file|settings-file|init-script|gradle-user-home|include-build"
    r"|project-cache-dir|global-settings|toolchains|projects|location)(?:=|\Z)|-modfile\b"
)


@record
class _Tool:
    """What a manager's command must look like.

    Files one of each group of ``manifests`` must have been copied, and of each group of ``words`` one must be there.
    ``values`` are options whose value is the next word, those of ``naming`` name a file, those of ``feeds`` a URL or a
    folder of packages; ``elsewhere`` are short ones like those above.
    """

    verbs: frozenset[str]
    manifests: tuple[tuple[str, ...], ...]
    values: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    words: tuple[tuple[str, ...], ...] = ()
    naming: frozenset[str] = frozenset()
    feeds: frozenset[str] = frozenset()
    several: bool = False


def _tool(
    verbs: str,
    *manifests: str,
    values: str = "",
    elsewhere: str = "",
    words: str = "",
    naming: str = "",
    feeds: str = "",
    several: bool = False,
) -> _Tool:
    """A tool, its lists written as words: verbs parted by commas, groups by blanks with bars within."""
    return _Tool(
        frozenset(verb.strip() for verb in verbs.split(",")),
        tuple(tuple(group.split("|")) for group in manifests),
        frozenset(values.split()),
        frozenset(elsewhere.split()),
        tuple(tuple(group.split("|")) for group in words.split()),
        frozenset(naming.split()),
        frozenset(feeds.split()),
        several,
    )


_NPM = "--registry --loglevel --omit --include --only --fetch-retries --fetch-timeout --network-timeout"
_TOOLS = {
    "npm": _tool("ci, clean-install, install, i", "package.json", values=_NPM, elsewhere="-C -w -L"),
    "yarn": _tool(", install", "package.json", values="--network-timeout --registry --network-concurrency --mutex"),
    "pnpm": _tool(
        "install, i, fetch",
        "package.json",
        values="--registry --loglevel --reporter --network-concurrency",
        elsewhere="-C -F -w -r",
    ),
    "go": _tool("mod download, mod verify", "go.mod", elsewhere="-C"),
    "cargo": _tool("fetch", "Cargo.toml", "Cargo.lock", values="--target", elsewhere="-C -Z"),
    "bundle": _tool("install", "Gemfile", values="-j --jobs --without --with --retry"),
    "composer": _tool(
        "install, i", "composer.json", "composer.lock", values="--ignore-platform-req", elsewhere="-d -o -a"
    ),
    "poetry": _tool("install, sync", "pyproject.toml", values="--only --with --without -E --extras", elsewhere="-C -P"),
    "uv": _tool(
        "sync",
        "pyproject.toml",
        "uv.lock",
        values="--group --only-group --no-group --extra -p --python --link-mode",
        elsewhere="-f",
        words="--frozen|--locked",
    ),
    "pdm": _tool(
        "install, sync",
        "pyproject.toml",
        "pdm.lock",
        values="-G --group --without",
        elsewhere="-p -L",
        words="--frozen-lockfile|--no-lock|--check|sync --no-self",
    ),
    "pipenv": _tool(
        "install, sync",
        "Pipfile",
        values="--categories --python",
        elsewhere="-r -e",
        words="--deploy|--ignore-pipfile|--skip-lock|sync",
    ),
    "mvn": _tool(
        "dependency:go-offline, dependency:resolve, dependency:resolve-plugins",
        "pom.xml",
        values="-P -T --threads",
        elsewhere="-f -pl -gs -t",
        naming="-s --settings",
        several=True,
    ),
    "gradle": _tool(
        "dependencies, buildEnvironment",
        "build.gradle|build.gradle.kts",
        values="--configuration --console",
        elsewhere="-p -b -c -I -g",
        several=True,
    ),
    "dotnet": _tool(
        "restore",
        "*.csproj|*.fsproj|*.vbproj|*.sln",
        values="-r --runtime -v --verbosity",
        naming="--configfile",
        feeds="-s --source",
    ),
}
#: Variables that name another manifest.
_CHOSEN = {"Gemfile": "BUNDLE_GEMFILE", "composer.json": "COMPOSER"}
_EXECUTABLES = {"bundler": "bundle", "composer.phar": "composer", "./mvnw": "mvn", "./gradlew": "gradle"}
_PIP_VALUES = frozenset(
    (
        *("-i", "--index-url", "--extra-index-url", "--default-index", "--index", "--trusted-host", "--timeout"),
        *("--retries", "--root-user-action", "--progress-bar", "--upgrade-strategy", "--no-binary", "--only-binary"),
        *("-p", "--python"),
    )
)


#: Options of pip, npm and gem that neither name a file nor have one read: of pip's, `--group` reads pyproject.toml.
_READS_NOTHING = re.compile(
    r"-[qUvIgfsdN]+|-i|--(?:no-cache(?:-dir)?|upgrade|pre|quiet|silent|verbose|user|no-deps|force(?:-reinstall)?"
    r"|ignore-installed|ignore-requires-python|break-system-packages|disable-pip-version-check|prefer-(?:binary|online|offline)"
    r"|no-warn-[\w-]+|(?:no-)?compile|no-input|no-build-isolation|no-colou?r|(?:no-)?use-pep517|require-virtualenv|isolated"
    r"|no-python-version-warning|require-hashes|index-url|extra-index-url|default-index|index|trusted-host|timeout"
    r"|default-timeout|retries|root-user-action|progress-bar|upgrade-strategy|no-binary|only-binary|platform"
    r"|python-version|implementation|abi|use-feature|use-deprecated|no-index|global|no-audit|no-fund|(?:no-)?production"
    r"|omit|include|only|loglevel|registry|(?:no-)?unsafe-perm|allow-root|no-optional|(?:strict-|legacy-)peer-deps"
    r"|(?:no-)?ignore-scripts|(?:no-)?progress|no-save|(?:no-)?package-lock|fetch-[\w-]+|no-update-notifier"
    r"|(?:no-)?engine-strict|(?:no-)?strict-ssl|network-timeout|no-bin-links|no-document|no-ri|no-rdoc|version"
    r"|conservative|minimal-deps|source|clear-sources|prerelease|(?:no-)?user-install|system|link-mode|python)(?:=|\Z)|-[pP]\Z"
)


def reads_nothing(option: str) -> bool:
    """Whether *option* of an installer of named packages reads no file."""
    return _READS_NOTHING.match(option) is not None


@record
class Scene:
    """What was copied, by absolute path, and the folder in which commands run; ``/\\0`` stands for one not known.

    ``contents`` reads the files, where the build context is at hand. ``target`` is where all of the project will lie,
    ``variables`` are those that commands find, with their values where these are known.
    """

    files: frozenset[str]
    cwd: str
    contents: Contents | None = None
    target: str = "/"
    variables: Mapping[str, str | None] = MappingProxyType({})

    def makes_apart(self, words: Sequence[str]) -> bool:
        """Whether a mkdir of *words* makes no folder of the project."""
        place = Place(self.files, self.cwd, self.target)
        paths = [word for word in words if not word.startswith("-")]
        return not any("\0" in place.full(path) or place.is_inside(path) for path in paths)

    def settings_fit(self, tool: str) -> bool:
        """Whether the settings of *tool*, in the environment or beside its manifest, name nothing that is missing."""
        place = Place(self.files, self.cwd, self.target)
        return reads_no_more(tool, self.contents, place, self.variables)

    def there(self, path: str) -> bool:
        """Whether *path*, as a command names it, was copied."""
        return posixpath.normpath(posixpath.join(self.cwd, path)) in self.files

    def names_no_more(self, path: str, *, environment: bool = False) -> bool:
        """Whether *path* was copied and, as far as that can be read, names no file that was not."""
        if not self.there(path):
            return False
        full = posixpath.normpath(posixpath.join(self.cwd, path))
        if self.contents is None:
            return True
        return self.contents.environment(full) if environment else self.contents.requirements(full)

    def one_of(self, patterns: Sequence[str], at: str = ".") -> bool:
        """Whether a file that matches one of *patterns* was copied into the folder *at*."""
        here = posixpath.normpath(posixpath.join(self.cwd, at))
        names = [posixpath.basename(path) for path in self.files if posixpath.dirname(path) == here]
        return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def installs(command: Command, scene: Scene) -> bool:
    """Whether *command* reads nothing of the project but what was copied: an installation, or what leaves it alone."""
    words = list(command.words)
    if command.redirects or not words or command.assignments or command.nested:
        return False
    if words[:2] in (["rm", "-rf"], ["rm", "-r"], ["rm", "-f"]):
        return all(word.lstrip("\0").startswith(("/var/", "/tmp/", "/root/.cache")) for word in words[2:])
    if _APART.match(" ".join(words)) and not any(is_local(word) for word in words[1:]):
        return True
    if words[0] == "mkdir" or (len(words) == 2 and words[1] in ("--version", "-v", "-V", "version")):
        return words[0] != "mkdir" or scene.makes_apart(words[1:])
    if words in (["true"], [":"]):
        return True
    if is_account_command(command):
        return unsafe_account(command, ()) is None or (
            words[0] in ("groupadd", "useradd", "addgroup", "adduser", "usermod")
            and not scene.target.startswith("/home/")
            and scene.makes_apart([word.rpartition("=")[2] for word in words[1:] if "/" in word])
        )
    if words[0] == "set" or _SYSTEM.match(words[0]):
        return not any(is_local(word) for word in words[1:])
    if words[0] in ("python", "python3") and words[1:3] == ["-m", "pip"]:
        words = words[2:]
    if words[:2] == ["uv", "pip"]:
        return words[2:3] in (["install"], ["sync"]) and _pip(words[1:], scene) and scene.settings_fit("uv")
    if words[0] in ("pip", "pip3"):
        return _pip(words, scene) and scene.settings_fit("pip")
    if words[:2] in (["conda", "env"], ["mamba", "env"], ["micromamba", "env"]):
        return _conda(words[2:], scene) and scene.settings_fit("pip")
    return _by_manifest(words, scene)


def _pip(words: Sequence[str], scene: Scene) -> bool:
    if words[1:2] not in (["install"], ["sync"]):
        return False
    lists = words[1] == "sync"
    rest = iter(words[2:])
    for word in rest:
        name, equals, given = word.partition("=")
        if re.match(r"-[rc].", word):
            name, equals, given = word[:2], word[2:], word[2:]
        if name in ("-r", "--requirement", "-c", "--constraint"):
            if not scene.names_no_more(given if equals else next(rest, "")):
                return False
        elif word.startswith(
            ("-e", "--editable", "-f", "--find-links", "-t", "--target", "--prefix", "--src", "--root=")
        ):
            return False
        elif word in _PIP_VALUES:
            next(rest, "")
        elif word.startswith("-"):
            if not reads_nothing(word):
                return False
        elif lists:
            # The operands of `uv pip sync` are files of requirements.
            if not scene.names_no_more(word):
                return False
        elif not _NAME.match(word) or is_local(word, "pip"):
            return False
    return True


def _conda(words: Sequence[str], scene: Scene) -> bool:
    rest = iter(words[1:])
    named = False
    for word in rest:
        name, equals, given = word.partition("=")
        if name in ("-f", "--file"):
            named = scene.names_no_more(given if equals else next(rest, ""), environment=True)
            if not named:
                return False
        elif word in ("-n", "--name"):
            next(rest, "")
        elif not word.startswith("-") or name in ("-p", "--prefix"):
            return False
    return named and words[0] in ("create", "update")


def _by_manifest(words: Sequence[str], scene: Scene) -> bool:
    if words[:2] == ["php", "composer.phar"]:
        words = words[1:]
    name = _EXECUTABLES.get(words[0], words[0])
    if (name in ("npm", "pnpm") and {"-g", "--global"} & set(words)) or words[:3] == ["yarn", "global", "add"]:
        return not any(is_local(word) for word in words[1:])
    tool = _TOOLS.get(name)
    if tool is None or any("\0" in word for word in words) or (words[0].startswith("./") and not scene.there(words[0])):
        return False
    operands: list[str] = []
    rest = iter(words[1:])
    for word in rest:
        option, equals, given = word.partition("=")
        if not word.startswith("-"):
            operands.append(word)
        elif option in tool.naming:
            if not scene.there(given if equals else next(rest, "")):
                return False
        elif option in tool.feeds:
            if not Place(scene.files, scene.cwd, scene.target).has(given if equals else next(rest, "")):
                return False
        elif option in tool.values and not equals:
            next(rest, "")
        elif option in tool.elsewhere or _ELSEWHERE.match(word) or word in ("-", "--"):
            return False
    there = _verb_fits(tool, operands, scene) and all(set(group) & set(words) for group in tool.words)
    return there and scene.settings_fit(name)


def _verb_fits(tool: _Tool, operands: list[str], scene: Scene) -> bool:
    if tool.several:
        return set(operands) <= set(tool.verbs) and bool(operands) and _manifests_there(tool, scene)
    if operands[:1] == ["restore"] and len(operands) == 2:
        at = operands[1]
        return scene.there(at) or (not re.search(r"\.\w+\Z", at) and scene.one_of(tool.manifests[0], at))
    return " ".join(operands) in tool.verbs and _manifests_there(tool, scene)


def _manifests_there(tool: _Tool, scene: Scene) -> bool:
    chosen = scene.variables.get(_CHOSEN.get(tool.manifests[0][0], ""))
    return (chosen is not None and scene.there(chosen)) or all(scene.one_of(group) for group in tool.manifests)
