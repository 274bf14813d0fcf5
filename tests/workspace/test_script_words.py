"""Builds in scripts: what words come to, and that doubt about them is shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.report.builds import builds_json, builds_text
from dockerslim_rewrite.workspace.builds.found import Unknown
from dockerslim_rewrite.workspace.uses import Workspace

Make = Callable[..., Any]
FILES = {"Dockerfile": "", "a/Dockerfile": "", "b/Dockerfile": "", "k/Dockerfile": "", "b.Dockerfile": ""}


@pytest.mark.parametrize(
    ("script", "context", "dockerfile", "target"),
    [
        ('ARR=(-f b/Dockerfile --target prod)\ndocker build "${ARR[@]}" .\n', "", "b/Dockerfile", "prod"),
        ("A=(-f\n  # which\n  b/Dockerfile)\nA+=(--target 'x')\ndocker build ${A[*]} .\n", "", "b/Dockerfile", "x"),
        ('OPTS="--target dev"\ndocker build $OPTS a\n', "a", "a/Dockerfile", "dev"),
        ('OPTS="-t x"\nOPTS+=" --target dev"\ndocker build $OPTS a\n', "a", "a/Dockerfile", "dev"),
        ('FLAGS="-f ../b.Dockerfile"\ncd k && docker build $FLAGS .\n', "k", "b.Dockerfile", None),
        ("EMPTY=\ndocker build $EMPTY a\n", "a", "a/Dockerfile", None),
        ("DOCKER=$(command -v docker)\n$SUDO $DOCKER build a\n", "a", "a/Dockerfile", None),
        ("if x; then D=podman; else D=docker; fi\n$D build a\n", "a", "a/Dockerfile", None),
        ('D="sudo docker buildx"\n$D build a\n', "a", "a/Dockerfile", None),
        ("B=1\ndocker build -f a/Dockerfile${N:-} ${B:+--target=dev} a\n", "a", "a/Dockerfile", "dev"),
        ("if ; then ((\ncd a\ndocker build .\n", "a", "a/Dockerfile", None),
    ],
)
def test_words_are_split_as_shells_do(
    tree: Make, script: str, context: str, dockerfile: str, target: str | None
) -> None:
    build = tree({**FILES, "x.sh": script}).build()
    assert (build.context, build.dockerfile, build.target) == (context, dockerfile, target)


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ('docker build "$@" .', '"$@"'),
        ("docker build $(opts) .", "$(opts)"),
        ("docker build $UNSET .", "$UNSET"),
        ("docker build . $UNSET", "$UNSET"),
        ("docker build ${X:+--target x} .", "${X:+--target x}"),
        ('A=()\nif x; then A+=(--target y); fi\ndocker build "${A[@]}" .', '"${A[@]}"'),
        ('OPTS="$1"\ndocker build $OPTS .', "$OPTS"),
    ],
)
def test_options_that_are_not_known_are_doubt(tree: Make, line: str, written: str) -> None:
    build = tree({**FILES, "x.sh": f"{line}\n"}).build()
    assert (build.context, build.dockerfile, build.target) == ("", Unknown(written), Unknown(written))


@pytest.mark.parametrize(
    "script",
    [
        'N=""\nif x; then N="--no-cache --platform $P"; fi\ndocker build $N .\n',
        "docker build ${CACHE:+--no-cache --platform linux/amd64} .\n",
        'A=()\nif x; then A+=(--build-arg "B=$B"); fi\ndocker build "${A[@]}" .\n',
        'O=--pull\nif x; then O="$O --progress plain"; fi\ndocker build . $O\n',
    ],
)
def test_options_that_choose_no_file_leave_it_known(tree: Make, script: str) -> None:
    build = tree({**FILES, "x.sh": script}).build()
    assert (build.context, build.dockerfile, build.target) == ("", "Dockerfile", None)
    # Build arguments may be among them.
    assert [name for name, _ in build.args] == ["…"]


@pytest.mark.parametrize(
    "script",
    [
        'N=""\nif x; then N="--no-cache -f b.Dockerfile"; fi\ndocker build $N .\n',
        'N=""\nif x; then N="$1"; fi\ndocker build $N .\n',
        "N=--pull\nread N\ndocker build $N .\n",
        'N=--pull\nif x; then N="--pull b"; fi\ndocker build $N .\n',
        "N=--pull\nfor N in $L; do docker build $N .; done\n",
    ],
)
def test_options_that_may_choose_a_file_do_not(tree: Make, script: str) -> None:
    build = tree({**FILES, "x.sh": script}).build()
    assert isinstance(build.dockerfile, Unknown)
    assert isinstance(build.target, Unknown)


def test_what_is_said_outright_stays_known_beside_them(tree: Make) -> None:
    build = tree({**FILES, "x.sh": "docker build $OPTS -f a/Dockerfile --target x .\n"}).build()
    assert (build.dockerfile, build.target) == ("a/Dockerfile", "x")


@pytest.mark.parametrize(
    "script", ['v="${1:-}"\ndocker build "a/$v"\n', 'v="${1:-a}"\ndocker build $v\n', 'docker build "${2-a}"\n']
)
def test_parameters_are_what_somebody_calls_with(tree: Make, script: str) -> None:
    build = tree({**FILES, "x.sh": script}).build()
    assert isinstance(build.context, Unknown)
    assert tree({**FILES, "x.sh": "T=${2:-dev}\ndocker build --target $T a\n"}).build().target == Unknown("$T")


def test_texts_of_what_is_not_known_keep_their_quotes_in_pairs(tree: Make) -> None:
    line = 'docker build --build-arg X="$(x)" --build-arg "Y=$Y" "--target=$T" -f"$F" "a/$V"\n'
    build = tree({**FILES, "x.sh": line}).build()
    assert build.args == (("X", Unknown("$(x)")), ("Y", Unknown("$Y")))
    assert (build.target, build.dockerfile, build.name) == (Unknown("$T"), Unknown("$F"), "a/$V")


def test_nothing_says_where_the_checkout_lies(tree: Make) -> None:
    made = tree(
        {
            **FILES,
            "s/x.sh": 'ROOT=$(cd "$(dirname "$0")/.." && pwd)\ndocker build "$ROOT"\n'
            "docker build -t $ROOT --build-arg R=$ROOT/b --build-context c=$ROOT/b --target $ROOT $ROOT/a\n"
            "docker build -f $ROOT/$X $ROOT/../y\n",
            ".gitlab-ci.yml": "x:\n  script:\n    - /kaniko/executor --context $CI_PROJECT_DIR/k\n",
            ".github/workflows/x.yml": "jobs:\n  x:\n    steps:\n    - run: docker build ${{ github.workspace }}/k\n",
            "Makefile": "x:\n\tdocker build --build-arg D=$(CURDIR) $(CURDIR)/k\n",
        }
    )
    found = made.builds()
    assert {one.name for one in found} >= {".", "k"}
    assert {one.context for one in found if isinstance(one.context, str)} == {"", "a", "k"}
    assert ("c", "b") in [pair for one in found for pair in one.contexts]
    assert ("D", Unknown("<checkout>")) in [pair for one in found for pair in one.args]
    said = builds_json(found, made.repository.is_file) + builds_text(found, made.repository.is_file)
    assert str(made.root) not in said
    assert "__checkout__" not in said


def test_who_runs_an_image_that_may_be_of_the_file_counts(tree: Make) -> None:
    file = 'FROM python:3.12-slim\nWORKDIR /srv\nCOPY app.py missing.py ./\nEXPOSE 8000\nCMD ["python", "app.py"]\n'
    server = (
        "import http.server\nhttp.server.HTTPServer(('', 8000), http.server.BaseHTTPRequestHandler).serve_forever()\n"
    )
    files = {"Dockerfile": file.replace(" missing.py", ""), "app.py": server, "x.sh": "docker build -t app $OPTS .\n"}

    def changed(more: dict[str, str]) -> bool:
        made = tree({**files, **more})
        path = made.root / "Dockerfile"
        given = Options(builds=partial(Workspace(made.root).projects, path), level="aggressive", select=("DS501",))
        return rewrite(path.read_text(), given, str(path)).changed

    assert changed({})
    assert not changed({"compose.yaml": "services:\n  a:\n    image: app\n    user: root\n"})


@pytest.mark.parametrize(
    ("script", "built"),
    [
        ("bash -c 'docker build app'\n", [("app", 1)]),
        ('sudo -E bash -euxc "\n  cd app\n  docker build .\n"\n', [("app", 3)]),
        ("sh -c 'sh -c \"docker build app\"'\n", [("app", 1)]),
        ("eval 'docker build app'\n", [("app", 1)]),
        ("BUILD='docker build app'\neval $BUILD\n", [("app", 2)]),
        ("BUILD='docker build app'\nsh -c \"$BUILD\"\n", [("app", 2)]),
        ('sh -c "docker build $1"\n', [(Unknown("$1"), 1)]),
        ("bash <<EOF\ndocker build app\nEOF\n", [("app", 2)]),
        ("bash <<< 'docker build app'\n", [("app", 1)]),
        # What the other shell moves to ends with it.
        ("sh -c 'cd app'\ndocker build app\n", [("app", 2)]),
        ("ls | xargs -n 1 docker build -f app/Dockerfile\n", [(Unknown('"$@"'), 1)]),
        ("ls | xargs -I{} docker build -f app/Dockerfile {}\n", [(Unknown("{}"), 1)]),
        ("ls | xargs -I % sh -c 'docker build -f app/Dockerfile %'\n", [(Unknown("$_added_"), 1)]),
        # Another machine builds these, or nobody yet.
        ("ssh host <<EOF\ndocker build app\nEOF\n", []),
        ("ssh host 'docker build app'\n", []),
        ("cat <<EOF > build.sh\ndocker build app\nEOF\n", []),
    ],
)
def test_what_a_command_hands_to_a_shell(tree: Make, script: str, built: list[tuple[Any, int]]) -> None:
    made = tree({"a.sh": script, "app/Dockerfile": "FROM a\n"})
    assert [(one.context, one.place.line) for one in made.builds()] == built


@pytest.mark.parametrize(
    ("begins", "built"),
    [
        ("ssh host <<EOF", []),
        ("ssh host bash <<'EOF'", []),
        ("cat <<-EOF | tee build.sh", []),
        ("cat <<EOF | bash", ["app"]),
        ("bash -s <<-EOF | tee log", ["app"]),
    ],
)
def test_here_documents_in_a_script_that_is_read_by_lines(tree: Make, begins: str, built: list[str]) -> None:
    # The second one begins in a way that no reader of shell takes.
    made = tree({"a.sh": f"{begins}\ndocker build app\nEOF\nif (\n", "app/Dockerfile": "FROM a\n"})
    assert [one.context for one in made.builds()] == built
    made = tree({"a.sh": f"{begins}\nls\nEOF\nif (\ndocker build app\n"})
    assert [one.context for one in made.builds()] == ["app"]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("f() { docker build -t $1 $2; }\nf x a\nf y k\n", ["a", "k"]),
        ("f() { docker build ${2:-a}; }\nf x\nf x k\n", ["a", "k"]),
        ("f() { local d=$1; cd $d; docker build .; cd ..; }\nf a\nf k\n", ["a", "k"]),
        ("f() { shift; docker build $1; }\nf x a\n", ["a"]),
        ("f() { docker build $1; }\ng() { f a; f $1; }\ng k\n", ["a", "k"]),
        ('f() { docker build $1; }\nmain() { f a; }\nmain "$@"\n', ["a"]),
        ("f() { docker build $1; }\nf $X\n", [Unknown("$1")]),
        ('docker() { command docker "$@"; }\ndocker build a\ndocker push a\n', ["a"]),
        ('f() { T=$1; shift; docker build -t $T "$@"; }\nf x -f a/Dockerfile .\n', [""]),
        ("g() { f $@; }\nf() { docker build $2; }\ng x a\n", ["a"]),
        ('f() { docker build $1; }\nf "$@"\n', [Unknown("$1")]),
        ("f() { docker build $1; }\n", [Unknown("$1")]),
        ("f() { docker build $1; f $1; }\nf a\n", ["a"]),
        ("D=k\nf() { local D=a; docker build $D; }\nf\ndocker build $D\n", ["a", "k"]),
        ("f() { D=a; }\nD=k\nf\ndocker build $D\n", ["a"]),
        ("for d in a k; do docker build $d; done\n", ["a", "k"]),
        ("L='a k'\nfor d in $L; do\n  docker build $d\ndone\n", ["a", "k"]),
        ('L=(a k)\nfor d in "${L[@]}"; do (cd $d && docker build .); done\n', ["a", "k"]),
        ("for d in */; do docker build $d; done\n", [Unknown("$d")]),
        ("for d in $(ls); do docker build $d; done\n", [Unknown("$d")]),
        ("for d in a $X; do docker build $d; done\n", [Unknown("$d")]),
        ("for d; do docker build $d; done\n", [Unknown("$d")]),
        ("D=a\nfor i in 1 2; do docker build $D; D=k; done\ndocker build $D\n", ["a", "k", Unknown("$D")]),
    ],
)
def test_functions_and_loops_are_read_for_what_they_are_given(tree: Make, script: str, expected: list[object]) -> None:
    files = {"a/Dockerfile": "", "k/Dockerfile": "", "x.sh": f"{script}"}
    assert [one.context for one in tree(files).builds()] == expected


def test_calls_that_multiply_end(tree: Make) -> None:
    script = "f0() { docker build a; }\n"
    script += "".join(f"f{at}() {{ f{at - 1}; f{at - 1}; }}\n" for at in range(1, 40)) + "f39\n"
    start = time.perf_counter()
    assert {one.context for one in tree({"a/Dockerfile": "", "x.sh": script}).builds()} == {"a"}
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("ci.sh", "DIR=k ./x.sh\n", ["a", "k"]),
        ("ci.sh", "export DIR=k\nsh x.sh\n", ["a", "k"]),
        (".github/workflows/a.yml", "env: {DIR: k}\njobs: {a: {steps: [run: ./x.sh]}}\n", ["a", "k"]),
        (".gitlab-ci.yml", "x:\n  variables:\n    DIR: k\n  script:\n  - ./x.sh\n", ["a", "k"]),
        ("Makefile", "x:\n\tDIR=$(D) ./x.sh\n", ["a", Unknown("$DIR")]),
        ("ci.sh", "export DIR=k\n", ["a"]),
        ("ci.sh", "OTHER=k ./x.sh\n", ["a"]),
    ],
)
def test_who_calls_a_script_sets_its_variables(tree: Make, name: str, text: str, expected: list[object]) -> None:
    files = {"a/Dockerfile": "", "k/Dockerfile": "", "x.sh": "DIR=${DIR:-a}\ndocker build $DIR\n"}
    assert [one.context for one in tree({**files, name: text}).builds()] == expected


def test_what_a_script_sets_itself_stays(tree: Make) -> None:
    made = tree({"a/Dockerfile": "", "x.sh": "DIR=a\ndocker build $DIR\n", "ci.sh": "DIR=k ./x.sh\n"})
    assert made.build().context == "a"
