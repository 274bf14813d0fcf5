"""Which archive a build file makes that holds all that a program needs, and which build files do not tell."""

from __future__ import annotations

import time

import pytest

from dockerslim_rewrite.analysis.runtime.fat_archives import archive_name, made_by_gradle, made_by_maven
from dockerslim_rewrite.analysis.runtime.native_build import compiles, installs_elsewhere, leads_back

PARENT = "<parent><artifactId>spring-boot-starter-parent</artifactId><version>3.2.0</version></parent>"
OWN = "<artifactId>tides</artifactId><version>1.2</version>"


def pom(*parts: str, plugin: str = "<artifactId>spring-boot-maven-plugin</artifactId>") -> str:
    return f"<project>{''.join(parts)}<build><plugins><plugin>{plugin}</plugin></plugins></build></project>"


SHADE = "<artifactId>maven-shade-plugin</artifactId><executions><goal>shade</goal></executions>"
ASSEMBLY = (
    "<artifactId>maven-assembly-plugin</artifactId><goal>single</goal>"
    "<descriptorRef>jar-with-dependencies</descriptorRef>"
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (pom(PARENT, OWN), "tides-1.2.jar"),
        (pom(PARENT, "<artifactId>tides</artifactId>"), "tides-3.2.0.jar"),
        (pom(PARENT, OWN, "<build><finalName>${project.artifactId}</finalName></build>"), "tides.jar"),
        (pom(OWN, plugin=SHADE), "tides-1.2.jar"),
        (pom(OWN, plugin=ASSEMBLY), "tides-1.2-jar-with-dependencies.jar"),
        (pom(PARENT, "<artifactId>tides</artifactId><version>${revision}</version>"), None),
        (pom("<parent><artifactId>ours</artifactId><version>1</version></parent>", OWN, plugin=SHADE), None),
        (pom(OWN), None),
        (pom(PARENT, OWN, "<packaging>war</packaging>"), None),
        (pom(PARENT, OWN, "<profiles><profile/></profiles>"), None),
        (pom(PARENT, OWN, plugin="<artifactId>spring-boot-maven-plugin</artifactId><classifier>x</classifier>"), None),
        (pom(OWN, plugin=SHADE + "<shadedArtifactAttached>true</shadedArtifactAttached>"), None),
        (pom(OWN, plugin=SHADE + "<finalName>other</finalName>"), None),
        (pom(OWN, plugin="<artifactId>maven-jar-plugin</artifactId>"), None),
        (pom(PARENT, OWN).replace("<plugin>", "<!--<plugin>").replace("</plugin>", "</plugin>-->"), None),
    ],
)  # fmt: skip
def test_maven(text: str, name: str | None) -> None:
    assert made_by_maven(text) == name


BOOT = "plugins { id 'org.springframework.boot' version '3.2.0' }\n"


@pytest.mark.parametrize(
    ("script", "settings", "name"),
    [
        (f"{BOOT}version = '1.2'\n", "rootProject.name = 'tides'", "tides-1.2.jar"),
        (BOOT, "rootProject.name = 'tides'", "tides.jar"),
        (f"{BOOT}bootJar {{ archiveFileName = 'app.jar' }}\n", None, "app.jar"),
        ("plugins { id 'com.gradleup.shadow' }\nversion = '1'\n", "rootProject.name = 'tides'", "tides-1-all.jar"),
        (f"{BOOT}jar {{ archiveFileName = 'app.jar' }}\n", "rootProject.name = 'tides'", None),
        (f"{BOOT}bootJar {{ enabled = false }}\n", "rootProject.name = 'tides'", None),
        ("plugins { id 'org.springframework.boot' version '3' apply false }\n", "rootProject.name = 't'", None),
        ("plugins { id 'java' }\n", "rootProject.name = 'tides'", None),
        (f"{BOOT}version = '1.2'\n", None, None),
    ],
)
def test_gradle(script: str, settings: str | None, name: str | None) -> None:
    assert made_by_gradle(script, settings) == name


def test_the_place_tells_who_made_it() -> None:
    read = {"build.gradle": BOOT, "settings.gradle": "rootProject.name = 'tides'"}
    assert archive_name(read, "/app/build/libs/tides.jar") == "tides.jar"
    assert archive_name(read, "/app/target/tides.jar") is None
    assert archive_name({**read, "gradle.properties": "version=2"}, "/app/build/libs/tides.jar") is None


@pytest.mark.parametrize(
    ("file", "text", "known"),
    [
        ("Makefile.am", "bin_PROGRAMS = other \\\n  tides\n", True),
        ("Makefile.am", "noinst_PROGRAMS = tides\n", False),
        ("Makefile.am", "# bin_PROGRAMS = tides\n", False),
        ("CMakeLists.txt", "add_executable(tides a.c)\ninstall(TARGETS tides DESTINATION bin)", True),
        ("CMakeLists.txt", "add_executable(tides a.c)\n", False),
        ("meson.build", "executable('tides', 'a.c', install: true)", True),
        ("meson.build", "executable('tides', 'a.c')", False),
        ("Makefile", "tides: a.c\n\t$(CC) -o $@ $<\ninstall:\n\tcp tides $(PREFIX)/bin\n", True),
        ("Makefile", "tides: a.sh\n\tcp a.sh tides\ninstall:\n\tcp tides $(PREFIX)/bin\n", False),
        ("deep/down/Makefile.am", "bin_PROGRAMS = tides\n", False),
    ],
)
def test_a_program_that_is_compiled_and_installed(file: str, text: str, known: bool) -> None:
    assert compiles({file: text}, "tides") is known


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("LDFLAGS += -Wl,-rpath,$(CURDIR)/lib", "rpath"),
        ("install:\n\tln -sf $(CURDIR)/x /usr/local/bin/x", "ln -s"),
        ("add_definitions(-DDATA=${CMAKE_SOURCE_DIR}/data)", "add_definitions(-DDATA="),
        ("CPPFLAGS = -DVERSION=1", None),
    ],
)
def test_what_leads_back_to_the_sources(text: str, said: str | None) -> None:
    found = leads_back({"Makefile": text})
    assert (found is None) is (said is None)
    assert said is None or said in (found or "")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("PREFIX ?= /usr\n", "/usr"),
        ("prefix = /usr/local\n", None),
        ("install:\n\tinstall -m755 tides /usr/bin/tides\n", "/usr/bin/tides"),
        ("install:\n\tinstall -m755 tides $(DESTDIR)/usr/bin\n", None),
        ("install(TARGETS tides DESTINATION /opt/tides)", "/opt/tides"),
        ("install(TARGETS tides DESTINATION bin)", None),
    ],
)
def test_where_build_files_install(text: str, place: str | None) -> None:
    assert installs_elsewhere({"Makefile": text}) == place


@pytest.mark.parametrize("unit", ["<plugin>", "<!--", "<parent>", "<dependencies>"])
def test_a_pom_made_to_take_long_does_not(unit: str) -> None:
    began = time.monotonic()
    made_by_maven(unit * (400_000 // len(unit)))
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("unit", ["install(TARGETS ", "add_executable(", "tides:\n\t", "\tinstall ", "-Da= "])
def test_build_files_made_to_take_long_do_not(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    began = time.monotonic()
    compiles({"CMakeLists.txt": text, "Makefile": text}, "tides")
    installs_elsewhere({"Makefile": text})
    assert time.monotonic() - began < 20
