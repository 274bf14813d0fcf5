"""What the new image lacks is told with its cure, or with none."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.engine.interface import RunOutcome, StartOutcome
from dockerslim_rewrite.engine.prove.elf import Elf
from dockerslim_rewrite.engine.prove.problems import Problem, problems
from dockerslim_rewrite.engine.traces import Traced
from tests.engine.prove.images import image, observed

LIB = "/usr/lib/libpq.so.5"
EXTENSION = "/app/pq.so"
NEEDS = {EXTENSION: Elf("EM_X86_64", ("libpq.so.5",), (), None)}


def _found(
    before: dict[str, object], after: dict[str, object], *paths: str, **packages: tuple[str, ...]
) -> list[Problem]:
    """The problems of an image that lacks *paths*, which *packages* own."""
    old = image("/app/pq.so", "/usr/bin/env", *paths, packages=packages)
    new = image("/app/pq.so", "/usr/bin/env")
    return list(problems(observed(old, **before), observed(new, **after), ["/app"]))  # type: ignore[arg-type]


def test_a_missing_library_is_traced_to_its_package() -> None:
    (found,) = _found({"elf": NEEDS}, {"elf": NEEDS}, LIB, libpq5=(LIB,))
    assert found == Problem("/app/pq.so needs libpq.so.5", packages=("libpq5",))


def test_one_that_no_package_owns_is_carried() -> None:
    (found,) = _found({"elf": NEEDS}, {"elf": NEEDS}, LIB)
    assert found.places == (LIB,)


def test_one_of_a_package_for_builds_has_no_cure() -> None:
    (found,) = _found({"elf": NEEDS}, {"elf": NEEDS}, LIB, **{"libpq-dev": (LIB,)})
    assert not found.cured


def test_data_of_a_package_is_carried_and_its_programs_are_not() -> None:
    texts = {"/app/a.py": 'open("/usr/share/fonts/a.ttf"); run("dot")'}
    font, program = _found(
        {"texts": texts}, {}, "/usr/share/fonts/a.ttf", "/usr/bin/dot",
        fonts=("/usr/share/fonts/a.ttf",), graphviz=("/usr/bin/dot",),
    )  # fmt: skip
    assert program.places == ("/usr/share/fonts/a.ttf",)
    assert not font.cured
    assert "/app/a.py names /usr/bin/dot" in font.reason


@pytest.mark.parametrize("given", [{"texts": {"/app/a.py": 'run(["perl", "-MJSON::PP"])'}}, {}])
def test_an_interpreter_without_its_modules_is_not_the_same(given: dict[str, object]) -> None:
    """Both images have a Perl; only the old one has the package of that name, and with it the modules."""
    packages = {"perl-base": ("/usr/bin/env",), "perl": ("/usr/share/perl/JSON.pm",)}
    old = image("/app/pq.so", "/usr/bin/env", "/usr/share/perl/JSON.pm", packages=packages)
    new = image("/app/pq.so", "/usr/bin/env", packages={"perl-base": ("/usr/bin/env",)})
    programs = () if given else (("perl", "app.py:3"),)
    (found,) = problems(observed(old, **given), observed(new), ["/app"], programs)  # type: ignore[arg-type]
    assert "runs perl, whose package only the old image has as a whole" in found.reason
    foreign = {"/usr/lib/python3/site-packages/a/b.py": 'run(["perl"])'}
    assert problems(observed(old, texts=foreign), observed(new), ["/app"]) == ()
    assert not found.cured


def test_data_of_a_library_is_carried_or_comes_with_its_package() -> None:
    """A split copies the file; a base in whose place a smaller one stands can only install."""
    texts = {"/app/a.py": 'open("/etc/ssl/openssl.cnf")'}
    (found,) = _found({"texts": texts}, {}, "/etc/ssl/openssl.cnf", openssl=("/etc/ssl/openssl.cnf",))
    assert (found.packages, found.places) == (("openssl",), ("/etc/ssl/openssl.cnf",))


def test_what_the_start_opened_and_seeks_is_missed() -> None:
    def start(*found: str, sought: tuple[str, ...] = ()) -> StartOutcome:
        return StartOutcome(None, frozenset((80,)), trace=Traced(frozenset(found), frozenset(sought)))

    (found,) = _found({"start": start("/opt/data")}, {"start": start(sought=("/opt/data",))}, "/opt/data")
    assert found.places == ("/opt/data",)
    assert _found({"start": start("/opt/data")}, {"start": start()}, "/opt/data") == []


def test_a_package_that_does_not_load_any_more() -> None:
    told = {"Python": {"lxml: lxml": "", "odd: odd": "ImportError: no"}}
    (found,) = _found({"imports": told}, {"imports": {"Python": {"lxml: lxml": "ImportError: libxml2.so.2", **told}}})
    assert found == Problem("Python does not load lxml: lxml: ImportError: libxml2.so.2")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (StartOutcome(None, frozenset((80,))), StartOutcome(None)),
        (StartOutcome(None, frozenset((80,))), StartOutcome(1, output="no\n")),
        (StartOutcome(0), StartOutcome(None)),
    ],
)
def test_a_start_that_differs(before: StartOutcome, after: StartOutcome) -> None:
    (found,) = _found({"start": before}, {"start": after})
    assert found.user
    assert not found.cured


def test_a_smoke_command_that_differs() -> None:
    (found,) = _found({"smoke": RunOutcome(0, "a", "")}, {"smoke": RunOutcome(0, "b", "")})
    assert found.reason == "the smoke command ends otherwise"


def test_what_another_user_may_not_read() -> None:
    from tests.engine.prove.images import filesystem

    old, new = image("/app/x"), image()
    locked = filesystem("/app/secret", mode=0o600)
    before = observed(type(old)((), old.config, locked, {}))
    after = observed(type(new)((), new.config, locked, {}), user=10001)
    (found,) = problems(before, after, ["/app"])
    assert found == Problem("user 10001 may not read /app/secret", user=True)


@pytest.mark.parametrize(
    ("needed", "environment", "reads"),
    [
        (("libc.so.6", "libstdc++.so.6"), {}, False),
        (("libc.so.6",), {"TZ": "Asia/Tokyo"}, True),
        (("libc.so.6", "libssl.so.3"), {}, True),
        (None, {}, True),
    ],
)
def test_who_may_read_certificates_that_nobody_names(
    needed: tuple[str, ...] | None, environment: dict[str, str], reads: bool
) -> None:
    """A program that is linked to C's libraries only does not; one that is linked to none may be Go's."""
    elf = {} if needed is None else {"/app/pq.so": Elf("EM_X86_64", needed, (), None)}
    old = image("/app/pq.so", "/usr/bin/env", "/etc/mime.types", Env=environment)
    new = image("/app/pq.so", "/usr/bin/env")
    found = problems(observed(old, elf=elf), observed(new), ["/app"])
    assert any("/etc/mime.types" in one.reason for one in found) is reads
