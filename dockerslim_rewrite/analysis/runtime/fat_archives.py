"""Whether the archive that a container starts holds everything that it needs, by the file that tells how it is built.

Sources: Spring Boot's Maven and Gradle plugins (repackage, bootJar); Apache Maven Shade Plugin, shade; Maven Assembly
Plugin, jar-with-dependencies; the Shadow plugin of Gradle; Maven's POM reference, build.finalName.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Mapping

from ...patterns import re

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
#: What makes an archive look for others beside it, or changes what is built.
_BESIDE = re.compile(
    r"addClasspath|Class-Path|classpathPrefix|copy-dependencies|loader\.path|<layout>|PropertiesLauncher|outputDirectory"
    r"|shadedArtifactAttached>\s*true|<outputFile>|<skip>|<classifier>|<packaging>\s*(?!jar\s*<)|<profiles?\b|<directory>\s*\$"
    r"|<spring-boot\.repackage\.skip>"
)
_GRADLE_BESIDE = re.compile(
    r"Class-Path|enabled|layout|destinationDir|buildDir\s*=|libsDirName|archive(?:Base|Version|Classifier|Appendix|Ext)"
    r"|loader\.path|classifier|baseName|apply\s+from|mainClassName\s*+=\s*+['\"](?:(?!mainClassName).)*Launcher"
)
_OTHERS = re.compile(r"<(parent|dependencies|dependencyManagement|plugins|pluginManagement)>.*?(?:</\1>|\Z)", re.S)
_PLUGIN = re.compile(r"<plugin>.*?(?:</plugin>|\Z)", re.S)
_BOOT = re.compile(r"id\s*+\(?\s*+['\"]org\.springframework\.boot['\"]")
_APART = re.compile(r"apply\s*+\(?\s*+false")
# No part of a match holds where another one may begin: each place is looked at once.
_TOLD = re.compile(
    r"\b(?:bootJar|shadowJar)\b(?:(?!\b(?:bootJar|shadowJar)\b)[^{}])*+\{[^{}]*archiveFileName\s*+(?:=|\.set\()\s*+"
    r"['\"]([\w.+-]++)['\"]"
)
_SHADOW = re.compile(r"id\s*+\(?\s*+['\"]com\.(?:github\.johnrengelman|gradleup)\.shadow['\"]")
_ASSEMBLED = ("descriptorRef>jar-with-dependencies</descriptorRef", "goal>single</goal")
_PROPERTY = re.compile(r"\$\{(?:project\.|pom\.)?(artifactId|version)\}")
_PLAIN = re.compile(r"[\w.+-]+\Z")


def made_by_maven(pom: str) -> str | None:
    """The name of the archive with all that it needs that the text *pom* makes; None where it is not known."""
    text = _COMMENT.sub("", pom)
    if _BESIDE.search(text):
        return None
    own = _OTHERS.sub("", text)
    parent = re.search(r"<parent>.*?(?:</parent>|\Z)", text, re.S)
    if parent is not None and "<artifactId>spring-boot-starter-parent</artifactId>" not in parent[0]:
        # What else a parent configures is not known.
        return None
    values = {name: match[1].strip() for name in ("artifactId", "version") if (match := _tag(name, own)) is not None}
    if "version" not in values and parent is not None and (match := _tag("version", parent[0])) is not None:
        values["version"] = match[1].strip()
    named = _tag("finalName", own)
    if named is not None:
        name = _PROPERTY.sub(lambda match: values.get(match[1], match[0]), named[1].strip())
    else:
        name = f"{values.get('artifactId', '$')}-{values.get('version', '$')}"
    if not _PLAIN.match(name):
        return None
    for plugin in _PLUGIN.findall(text):
        if "<finalName>" in plugin:
            return None
        if "<artifactId>spring-boot-maven-plugin</artifactId>" in plugin:
            return f"{name}.jar" if parent is not None or "<goal>repackage</goal>" in plugin else None
        if "<artifactId>maven-shade-plugin</artifactId>" in plugin:
            return f"{name}.jar" if "<goal>shade</goal>" in plugin else None
        if "<artifactId>maven-assembly-plugin</artifactId>" in plugin:
            whole = all(f"<{one}>" in plugin for one in _ASSEMBLED) and "<appendAssemblyId>" not in plugin
            return f"{name}-jar-with-dependencies.jar" if whole else None
    return None


def _plugs_in(script: str) -> bool:
    """Whether *script* names Spring Boot's plugin, and does not say on the same line that it is for others."""
    apart = [match.start() for match in _APART.finditer(script)]
    for match in _BOOT.finditer(script):
        following = bisect_left(apart, match.end())
        if following == len(apart) or script.find("\n", match.end(), apart[following]) >= 0:
            return True
    return False


def made_by_gradle(script: str, settings: str | None) -> str | None:
    """The name of the archive with all that it needs that the build *script* makes; None where it is not known.

    *settings* is the text of the settings beside it.
    """
    script = re.sub(r"(?m)^[^\S\n]*+//.*$|/\*(?s:.*?)(?:\*/|\Z)", "", script)
    if _GRADLE_BESIDE.search(script):
        return None
    boot, shadow = _plugs_in(script), _SHADOW.search(script) is not None
    if boot == shadow:
        return None
    told = _TOLD.search(script)
    if told is not None:
        return told[1] if len(re.findall("archiveFileName", script)) == 1 else None
    root = re.search(r"rootProject\.name\s*=\s*['\"]([\w.+-]+)['\"]", settings or "")
    version = re.search(r"(?m)^version\s*=\s*['\"]([\w.+-]+)['\"]", script)
    if root is None or "archiveFileName" in script:
        return None
    name = root[1] if version is None else f"{root[1]}-{version[1]}"
    return f"{name}{'-all' if shadow else ''}.jar"


def archive_name(read: Mapping[str, str | None], path: str) -> str | None:
    """The name of the archive with all that it needs that is built where *path* lies; None where it is not known.

    *read* has the texts of build files by their names. Maven puts archives into ``target``, Gradle into ``build/libs``.
    """
    folder = posixpath.dirname(path)
    if folder.endswith("/target") and (pom := read.get("pom.xml")) is not None:
        return made_by_maven(pom)
    if re.search(r"(?m)^\s*(?:version|archives\w*|libsDirName)\s*[=:]", read.get("gradle.properties") or ""):
        return None
    script = read.get("build.gradle") or read.get("build.gradle.kts")
    if folder.endswith("/build/libs") and script is not None:
        return made_by_gradle(script, read.get("settings.gradle") or read.get("settings.gradle.kts"))
    return None


def _tag(name: str, text: str) -> re.Match[str] | None:
    return re.search(rf"<{name}>([^<]*)</{name}>", text)
