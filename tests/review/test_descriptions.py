"""What descriptions of builds ask for and the repository does not have: contexts, and Dockerfiles that can be read."""

from __future__ import annotations

import pytest

from .test_breaks import notes_of, told
from .test_review import Make, run

APP = {"app/Dockerfile": "FROM alpine:3.24\n", "app/x": "x\n"}
COMPOSE = "services:\n  a:\n    build: {}\n"
LONG = "services:\n  a:\n    build:\n      context: {}\n"
BAKE = 'target "a" {{\n  context = "{}"\n}}\n'
WORKFLOW = "jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          context: {}\n"
MAKE = "image:\n\tdocker build {}\n"
LACKS = "the build context apps is not there, so the build fails"


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("compose.yaml", COMPOSE, 3),
        ("compose.yaml", LONG, 3),
        ("docker-bake.hcl", BAKE, 1),
        (".github/workflows/b.yml", WORKFLOW, 4),
        ("Makefile", MAKE, 2),
        ("Makefile", "image:\n\tdocker build -f app/Dockerfile {}\n", 2),
    ],
)
def test_a_build_context_that_is_not_there(repo: Make, path: str, text: str, line: int) -> None:
    found = told(repo, {**APP, path: text.format("app")}, {path: text.format("apps")})
    assert found == [(line, True, LACKS)]


def test_each_of_several_services_is_told(repo: Make) -> None:
    services = "".join(f"  {name}:\n    build: ./{name}\n" for name in "bc")
    found = told(repo, {**APP, "compose.yaml": COMPOSE.format("app")}, {"compose.yaml": f"services:\n{services}"})
    assert [(line, fails) for line, fails, _ in found] == [(3, True), (5, True)]


@pytest.mark.parametrize(
    "more",
    [
        {".gitignore": "apps/\n"},
        {".gitmodules": '[submodule "apps"]\n\tpath = apps\n\turl = https://example.org/apps\n'},
    ],
)
def test_a_context_that_comes_from_elsewhere_is_not_missed(repo: Make, more: dict[str, str]) -> None:
    files = {**APP, "compose.yaml": COMPOSE.format("app"), **more}
    assert told(repo, files, {"compose.yaml": COMPOSE.format("apps")}) == []


@pytest.mark.parametrize(
    "context", ["https://example.org/apps.git", "git@example.org:apps", "$DIR", "${DIR:-$OTHER}", "../apps", "~/apps"]
)
def test_a_context_that_is_no_directory_of_the_repository_is_not_missed(repo: Make, context: str) -> None:
    files = {**APP, "compose.yaml": COMPOSE.format("app")}
    assert told(repo, files, {"compose.yaml": COMPOSE.format(context)}) == []


@pytest.mark.parametrize(
    "script",
    ["git clone https://example.org/apps.git\n", "git clone https://example.org/x apps\n", "mkdir -p apps\n"],
)
def test_a_context_that_a_script_makes_is_a_doubt(repo: Make, script: str) -> None:
    files = {**APP, "compose.yaml": COMPOSE.format("app"), "setup.sh": script}
    found = told(repo, files, {"compose.yaml": COMPOSE.format("apps")})
    assert found == [(3, False, f"{LACKS} unless setup.sh:1 writes it")]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("libs", [(4, False, f"{LACKS} unless a step of the workflow fetches it")]),
        # What lies where another repository is put is that one's.
        ("apps", []),
    ],
)
def test_a_workflow_that_checks_out_something_else_is_a_doubt(
    repo: Make, where: str, expected: list[tuple[int, bool, str]]
) -> None:
    own = "      - uses: actions/checkout@v4\n"
    other = f"{own}        with:\n          repository: a/apps\n          path: {where}\n"
    path = ".github/workflows/b.yml"
    found = told(repo, {**APP, path: WORKFLOW.format("app")}, {path: WORKFLOW.format("apps") + own + other})
    assert found == expected


def test_a_description_that_may_be_read_from_another_directory_is_a_doubt(repo: Make) -> None:
    files = {f"more/{path}": text for path, text in APP.items()} | {"more/deploy/README": "x\n"}
    found = told(repo, files, {"more/deploy/compose.yaml": COMPOSE.format("./app")})
    reason = (
        "the build context more/deploy/app is not there, so the build fails unless it is started in another directory"
    )
    assert found == [(3, False, reason)]


def test_descriptions_of_tests_ask_for_nothing(repo: Make) -> None:
    assert told(repo, APP, {"pkg/testdata/compose.yaml": COMPOSE.format("./apps")}) == []


def test_a_context_that_was_not_there_before_is_no_news(repo: Make) -> None:
    text = COMPOSE.format("apps")
    assert told(repo, {**APP, "compose.yaml": text}, {"compose.yaml": f"{text}    image: x\n"}) == []


def test_a_description_that_moves_with_what_it_lacks_is_no_news(repo: Make) -> None:
    files = {**APP, "docker-compose.yml": COMPOSE.format("apps")}
    assert told(repo, files, moved={"docker-compose.yml": "compose.yaml"}) == []


def test_a_context_that_the_request_takes_away(repo: Make) -> None:
    files = {"Dockerfile": "FROM alpine:3.24\n", "www/x": "x\n", "Makefile": "a:\n\tdocker build -f Dockerfile www\n"}
    found = told(repo, files, moved={"www/x": "web"})
    assert (2, True, "the build context www is not there, so the build fails") in found


def test_a_further_context_that_is_not_there(repo: Make) -> None:
    text = "services:\n  a:\n    build:\n      context: app\n      additional_contexts:\n        sh: {}\n"
    found = told(repo, {**APP, "compose.yaml": text.format("app")}, {"compose.yaml": text.format("./sh")})
    assert found == [(3, True, "the context `sh` (sh) is not there, so the build fails")]


@pytest.mark.parametrize("value", ["docker-image://alpine", "https://example.org/x", "service:b", "target:b"])
def test_a_further_context_that_is_no_directory(repo: Make, value: str) -> None:
    text = "services:\n  a:\n    build:\n      context: app\n      additional_contexts:\n        sh: {}\n"
    text += "  b:\n    image: x\n"
    files = {**APP, "compose.yaml": text.format("app")}
    assert told(repo, files, {"compose.yaml": text.format(f'"{value}"')}) == []


def test_a_dockerfile_that_a_variable_file_names(repo: Make) -> None:
    text = "services:\n  a:\n    build:\n      context: app\n      dockerfile: ${DF}\n"
    files = {**APP, "compose.yaml": text, ".env": "DF=Dockerfile\n"}
    found = told(repo, files, {".env": "DF=Dockerfile.prod\n"})
    assert found == [(3, True, "app/Dockerfile.prod is not there, so the build fails")]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("FROM alpine:3.24\nRNU true\n", 2, "line 2: unknown instruction RNU (did you mean RUN?), so the build fails"),
        ("ARG X\n", 1, "it has no FROM, so the build fails"),
        ("", 1, "line 1: no instructions in this file, so the build fails"),
        ("# syntax=docker/dockerfile:1\nFROM a\nRNU\n", 3, "line 3: unknown instruction RNU (did you mean RUN?), so"),
    ],
)
def test_a_new_dockerfile_that_cannot_be_read_and_is_built(repo: Make, text: str, line: int, said: str) -> None:
    after = {"compose.yaml": f"{COMPOSE.format('app')}  b:\n    build: b\n", "b/Dockerfile": text}
    (found,) = told(repo, {**APP, "compose.yaml": COMPOSE.format("app")}, after)
    assert found[:2] == (line, True)
    assert found[2].startswith(said)


def test_an_old_file_that_is_none_is_told_where_a_build_asks_for_it(repo: Make) -> None:
    files = {**APP, "compose.yaml": COMPOSE.format("app"), "b/Dockerfile": "FROM alpine:3.24\nRNU true\n"}
    found = told(repo, files, {"compose.yaml": f"{COMPOSE.format('app')}  b:\n    build: b\n"})
    reason = "b/Dockerfile cannot be read: line 2: unknown instruction RNU (did you mean RUN?), so the build fails"
    assert found == [(5, True, reason)]


@pytest.mark.parametrize("text", ["# syntax=example.org/more\nFROM a\nINCLUDE b\n", "FROM debian:{{ version }}\n"])
def test_what_another_program_reads_first_is_none(repo: Make, text: str) -> None:
    after = {"compose.yaml": f"{COMPOSE.format('app')}  b:\n    build: b\n", "b/Dockerfile": text}
    assert told(repo, {**APP, "compose.yaml": COMPOSE.format("app")}, after) == []


def test_a_reusable_workflow_with_several_callers_is_told_once(repo: Make) -> None:
    called = WORKFLOW.format("app").replace(
        "jobs:", "on:\n  workflow_call:\n    inputs:\n      x: {type: string}\njobs:"
    )
    callers = "jobs:\n" + "".join(
        f"  j{at}:\n    uses: ./.github/workflows/b.yml\n    with: {{x: '{at}'}}\n" for at in range(3)
    )
    files = {**APP, ".github/workflows/b.yml": called, ".github/workflows/c.yml": callers}
    made = repo(files, {})
    made.git("rm", "-q", "app/Dockerfile")
    made.commit()
    found = [one for one in notes_of(run(made, head="HEAD")) if "app/Dockerfile" in one[2]]
    assert len(found) == 1


def test_a_context_that_holds_none_of_the_sources_is_no_matter_of_who_writes_it(repo: Make) -> None:
    text = "  {}:\n    build:\n      context: {}\n      dockerfile: {}\n"
    own = "services:\n" + text.format("a", "app", "Dockerfile")
    files = {
        "app/Dockerfile": 'FROM alpine:3.24\nCOPY a b /\nUSER 1000\nCMD ["x"]\n',
        "app/a": "a\n",
        "app/b": "b\n",
        "web/c": "c\n",
        "Makefile": "app:\n\ttrue\n",
        "compose.yaml": own + text.format("b", "app", "Dockerfile"),
    }
    found = told(repo, files, {"compose.yaml": own + text.format("b", "web", "../app/Dockerfile")})
    assert [fails for _, fails, why in found if "sources" in why] == [True]
    assert not any("writes" in why for _, _, why in found)


@pytest.mark.parametrize(
    ("path", "text", "broken", "line", "said", "sure"),
    [
        ("compose.yaml", COMPOSE.format("app"), "services:\n  a:\n   build: app\n  - b\n", 4, "expected", True),
        (
            "compose.yaml",
            COMPOSE.format("app"),
            "services:\n  a:\n    build: app\n    image: x\n    build: app\n",
            5,
            "`build` is there twice, so its builds fail",
            True,
        ),
        (
            ".github/workflows/b.yml",
            WORKFLOW.format("app"),
            f"{WORKFLOW.format('app')}          context: app\n",
            7,
            "`context` is there twice",
            True,
        ),
        ("docker-bake.hcl", BAKE.format("app"), 'target "a" {\n  context = "app"\n', 3, "no HCL", False),
    ],
)
def test_a_description_that_cannot_be_read_any_more(
    repo: Make, path: str, text: str, broken: str, line: int, said: str, sure: bool
) -> None:
    (found,) = told(repo, {**APP, path: text}, {path: broken})
    assert found[:2] == (line, sure)
    assert said in found[2]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("services: {a: {build: app, build: app}}\n", "services: {a: {build: app, build: app}}\n# more\n"),
        ("services: {a: {image: x}}\n", "services: {a: {image: x, image: y}}\n"),
        (COMPOSE.format("app"), "x-a: &a {build: app}\nservices:\n  a:\n    <<: *a\n  b:\n    <<: *a\n"),
    ],
)
def test_what_could_not_be_read_before_builds_nothing_or_is_right_is_no_news(
    repo: Make, before: str, after: str
) -> None:
    found = told(repo, {**APP, "compose.yaml": before}, {"compose.yaml": after})
    assert [why for _, _, why in found if "builds fail" in why] == []


GROUP = (
    'group "default" {\n  targets = ["%s"]\n}\n'
    'target "base" {\n  context = "app"\n}\ntarget "a" {\n  inherits = ["%s"]\n  context = "app"\n}\n'
)


@pytest.mark.parametrize(
    ("names", "line", "sure", "said"),
    [
        (("b", "base"), 1, True, "the group `default` names the target `b`, which is not there, so the build fails"),
        (
            ("a", "bese"),
            7,
            False,
            "`a` inherits from the target `bese`, which is not there, so the build fails unless another Bake file has "
            "it",
        ),
    ],
)
def test_a_target_that_no_bake_file_has(repo: Make, names: tuple[str, str], line: int, sure: bool, said: str) -> None:
    found = told(repo, {**APP, "docker-bake.hcl": GROUP % ("a", "base")}, {"docker-bake.hcl": GROUP % names})
    assert found == [(line, sure, said)]


@pytest.mark.parametrize(
    "more",
    [
        {"other-bake.hcl": 'target "b" {}\n'},
        {"docker-bake.override.hcl": 'target "b" {}\n'},
        {"compose.yaml": "services: {b: {build: app}}\n"},
    ],
)
def test_a_target_that_another_file_may_have(repo: Make, more: dict[str, str]) -> None:
    files = {**APP, "docker-bake.hcl": GROUP % ("a", "base"), **more}
    found = told(repo, files, {"docker-bake.hcl": GROUP % ("b", "base")})
    assert not any(fails for _, fails, _ in found)


@pytest.mark.parametrize(
    ("path", "before", "doubted"),
    [
        ("app/ci/b.sh", "", True),
        ("app/ci/b.sh", 'cd "$(dirname "$0")"\n', False),
        ("app/ci/b.sh", 'if true; then\n  cd "$(dirname "$0")"\nfi\n', True),
        ("app/ci/b.sh", '(cd "$(dirname "$0")" && ls)\n', True),
        ("app/ci/b.sh", 'pushd "$(dirname "$0")"\n', False),
        ("app/ci/b.sh", 'pushd "$(dirname "$0")"\npopd\n', True),
        ("app/ci/Makefile", "image:\n\t", True),
        ("Makefile", "image:\n\t", False),
    ],
)
def test_who_starts_a_script_may_be_anywhere(repo: Make, path: str, before: str, doubted: bool) -> None:
    ((_, fails, reason),) = told(repo, APP, {path: f"{before}docker build -f Other .\n"})
    assert fails is not doubted, reason
    assert ("unless it is started in another directory than " in reason) is doubted


def test_where_a_script_was_looked_for(repo: Make) -> None:
    found = told(repo, APP, {"app/ci/b.sh": "#!/bin/sh\ndocker build .\n"})
    looked = "it is started in another directory than the root of the repository or app/ci"
    assert found == [(2, False, f"Dockerfile is not there, so the build fails unless {looked}")]


def test_a_workflow_says_where_its_commands_are_run(repo: Make) -> None:
    step = "      - run: docker build .\n        working-directory: lib\n"
    found = told(repo, {**APP, "lib/x": "x\n"}, {".github/workflows/b.yml": f"jobs:\n  a:\n    steps:\n{step}"})
    assert found == [(4, True, "lib/Dockerfile is not there, so the build fails")]


STEPS = "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n{}      - uses: docker/build-push-action@v6\n{}"
GIVEN = "        with:\n          context: {}\n          file: {}\n"


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ("https://github.com/a/b.git#main", []),
        ("git@github.com:a/b.git", []),
        (
            "${{ inputs.ctx }}",
            ["unless ${{ inputs.ctx }} is another repository, which has it"],
        ),
    ],
)
def test_a_dockerfile_of_another_repository(repo: Make, context: str, expected: list[str]) -> None:
    workflow = STEPS.format("", GIVEN.format(context, "d/Dockerfile"))
    found = told(repo, APP, {".github/workflows/b.yml": workflow})
    assert found == [(5, False, f"d/Dockerfile is not there, so the build fails {one}") for one in expected]


@pytest.mark.parametrize(
    ("step", "doubted"),
    [
        ("run: npm ci && npm run build", True),
        ("run: make", True),
        ("run: python gen.py", True),
        ("run: node --no-warnings tools/gen.mjs", True),
        ("uses: ./.github/actions/gen", True),
        ("uses: someone/template-action@v1", True),
        ("uses: docker/setup-buildx-action@v3", False),
        ("run: echo gen.py", False),
    ],
)
def test_a_context_that_a_step_before_may_make(repo: Make, step: str, doubted: bool) -> None:
    workflow = STEPS.format(f"      - {step}\n", GIVEN.format("dist", "app/Dockerfile"))
    found = told(repo, APP, {".github/workflows/b.yml": workflow})
    doubt = " unless what .github/workflows/b.yml:5 runs makes it" if doubted else ""
    assert found == [(6, not doubted, f"the build context dist is not there, so the build fails{doubt}")]


BAKES = "jobs:\n  a:\n    steps:\n      - uses: docker/bake-action@v6\n        with:\n"
TARGET = 'target "{}" {{\n  context = "app"\n}}\n'
NOT_BAKED = "Bake is asked for the target `a`, which is not there, so the build fails"


@pytest.mark.parametrize(
    ("step", "more", "expected"),
    [
        ("          targets: a\n", {}, [(6, True, NOT_BAKED)]),
        ("          targets: |\n            b\n            a\n", {}, [(8, True, NOT_BAKED)]),
        (
            "          targets: a\n          files: ${{ inputs.files }}\n",
            {},
            [(6, False, f"{NOT_BAKED} unless another Bake file has it")],
        ),
        (
            "          files: |\n            docker-bake.hcl\n            ${{ steps.meta.outputs.bake-file }}\n"
            "          targets: a\n",
            {},
            [(9, True, NOT_BAKED)],
        ),
        ("          targets: a\n          source: https://example.org/a.git\n", {}, []),
        ("          targets: a\n", {"compose.yaml": "services: {a: {build: app}}\n"}, []),
        ("          targets: a\n", {"x/docker-bake.hcl": TARGET.format("a")}, []),
        ("          targets: b\n", {}, []),
        ("          targets: ${{ matrix.target }}\n", {}, []),
    ],
)
def test_a_target_that_a_step_asks_bake_for(
    repo: Make, step: str, more: dict[str, str], expected: list[tuple[int, bool, str]]
) -> None:
    files = {**APP, "docker-bake.hcl": TARGET.format("a"), ".github/workflows/b.yml": BAKES + step, **more}
    assert told(repo, files, {"docker-bake.hcl": TARGET.format("b")}) == expected
