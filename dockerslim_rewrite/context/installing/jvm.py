"""Java and its like: Maven's object models and Gradle's build scripts.

Sources: Maven POM reference and "Guide to Configuring Maven" (.mvn); Gradle documentation (build scripts, settings,
directory layout). A build script is a program, so only what plainly names nothing else of the project counts.
"""

from __future__ import annotations

import posixpath
from xml.etree import ElementTree

from ...knowledge.gradle_plugins import harmless_plugins
from ...patterns import re
from .needs import Needs, within

#: Arguments of Maven by which another project is read, or only a part of this one.
_ELSEWHERE = re.compile(r"(?!-f(?:f|ae|n)\Z)(?:-f|--file|-pl|--projects|-rf|--resume-from)(?:\Z|[=./]|(?<=-f)\w)")
_ENTITIES = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.I)


def document(text: str) -> ElementTree.Element:
    """The root of an XML document, names without their name space. Raises ``ValueError`` for what is not plain XML."""
    if _ENTITIES.search(text):
        raise ValueError("entities")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from None
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return root


def maven(needs: Needs, entry: str) -> None:
    """pom.xml of the folder *entry*, those of its modules and parents, .mvn and the wrapper; or a file of settings."""
    if entry.endswith(".xml"):
        if needs.required(entry):
            _settings(needs, entry)
        return
    _pom(needs, entry)
    if needs.folder(posixpath.join(entry, ".mvn")):
        _arguments(needs, entry)
    needs.optional(posixpath.join(entry, "mvnw"))
    if posixpath.join(entry, ".mvn/extensions.xml") in needs.tree.by_path:
        needs.against(".mvn/extensions.xml loads extensions, which may read the project")


def _settings(needs: Needs, path: str) -> None:
    for element in document(needs.text(path)).iter():
        text = (element.text or "").strip()
        is_own = re.search(r"basedir|file:|\A\.{0,2}[/\w.-]+\Z", text) and element.tag in ("url", "localRepository")
        if is_own and not (element.tag == "localRepository" and text.startswith("/")):
            needs.against(f"{path} has a repository in the project itself: {text}")


def _arguments(needs: Needs, folder: str) -> None:
    """The files that .mvn/maven.config and .mvn/jvm.config name: both are arguments of each command."""
    for name in ("maven.config", "jvm.config"):
        path = posixpath.join(folder, ".mvn", name)
        if path not in needs.tree.by_path:
            continue
        text = re.sub(r"\$\{(?:maven\.multiModuleProjectDirectory|session\.\w+|\w*basedir)\}/?", "./", needs.text(path))
        for word in text.split():
            if _ELSEWHERE.match(word):
                needs.against(f"{path} says {word}, which leads to another project")
            elif word.startswith("@") or ("${" in word and "/" in word):
                needs.against(f"{path} names a file that is not known: {word}")
        needs.named_in(re.sub(r"(?m)(?<!\S)-(?:s|gs|t)=?(?=[^-\s=])", " ", text), folder, folders=True)
        for settings in re.findall(r"(?<!\S)(?:-g?s|--(?:global-)?settings)[\s=]*(\S+)", text):
            target = within(folder, settings)
            if target is None or not needs.required(target, path):
                needs.against(f"{path} names the settings {settings}")
            else:
                _settings(needs, target)


def _pom(needs: Needs, folder: str, named: str = "") -> None:
    path = posixpath.join(folder, "pom.xml")
    if needs.seen(path) or not needs.required(path, named):
        return
    root = document(needs.text(path))
    for element in root.iter():
        if element.tag == "systemPath":
            needs.against(f"{path} takes a library from the project itself")
        elif element.tag == "activation" and element.find("file") is not None:
            needs.against(f"{path} has a profile that files of the project activate")
        elif element.tag == "extension" or (element.tag == "extensions" and (element.text or "").strip() == "true"):
            needs.against(f"{path} loads extensions, which may read the project")
        elif element.tag == "url" and re.search(r"basedir|file:", element.text or ""):
            needs.against(f"{path} has a repository in the project itself")
        elif element.tag == "module":
            _module(needs, folder, (element.text or "").strip(), path)
    parent = root.find("parent")
    if parent is not None:
        relative = parent.find("relativePath")
        _parent(needs, folder, "../pom.xml" if relative is None else (relative.text or "").strip())


def _module(needs: Needs, folder: str, name: str, path: str) -> None:
    target = within(folder, name)
    if target is None or name.endswith(".xml") or "$" in name:
        needs.against(f"{path} has the module {name}")
    else:
        _pom(needs, target, path)


def _parent(needs: Needs, folder: str, relative: str) -> None:
    """The parent model, if it lies in the context: it comes from a repository where it does not."""
    target = within(folder, relative) if relative else None
    if target in needs.tree.folders or target == "":
        target = posixpath.join(target or "", "pom.xml")
    if target is None or target not in needs.tree.by_path:
        return
    if posixpath.basename(target) == "pom.xml":
        _pom(needs, posixpath.dirname(target))
    else:
        needs.against(f"the parent model is {target}")


#: In a text in which blanks stand alone. Comments count as well: where a string ends is not known here.
_OTHERS = re.compile(
    r"\b(?:apply ?\(? ?from|include\w* ?[(\"']|file\w* ?[(\"']|File\b|Paths?\b|projectDir|rootDir|rootProject ?\. ?file"
    r"|project ?\( ?[\"':]|layout ?\.|exec\w*\b|ProcessBuilder|flatDir|from ?\(|alias ?\(|apply ?[(<])"
)
_PLUGIN = re.compile(r"\b(?:id|kotlin|plugin) ?[(:=]? ?[\"']([\w.-]+)[\"']")


def gradle(needs: Needs, folder: str) -> None:
    """The build script, settings, properties, the wrapper and its folder; any hint of another file is an obstacle."""
    scripts = [posixpath.join(folder, name) for name in ("build.gradle", "build.gradle.kts")]
    scripts = [path for path in scripts if needs.optional(path)]
    if not scripts:
        needs.against(f"{posixpath.join(folder, 'build.gradle')} is not in the context")
    settings = [posixpath.join(folder, name) for name in ("settings.gradle", "settings.gradle.kts")]
    settings = [path for path in settings if needs.optional(path)]
    for name in ("gradle.properties", "gradlew", "gradle.lockfile", "buildscript-gradle.lockfile"):
        needs.optional(posixpath.join(folder, name))
    needs.folder(posixpath.join(folder, "gradle"))
    if posixpath.join(folder, "buildSrc") in needs.tree.folders:
        needs.against("buildSrc is compiled before the build is configured")
    for path in (*scripts, *settings):
        text = re.sub(r"[ \t]+", " ", needs.text(path))
        found = _OTHERS.search(text)
        if found is not None:
            needs.against(f"{path} may read the project: {found[0].strip()}")
        for plugin in _PLUGIN.findall(text):
            if plugin not in harmless_plugins():
                needs.against(f"{path} applies the plugin {plugin}, which may read the project")
