"""``python -m benchmarks.savings``: what package managers leave behind, measured in containers.

Prints, in the form of ``knowledge/data/savings.toml``, the bytes of files that an installation adds to a cache: apt's
lists by release of Debian, pip's cache by package without its dependencies, npm's with them, Go's build cache for a
small service. Base images are the tests' stand-ins; packages come from wherever this machine's clients get them. pip
keeps a response only if the index allows it, and the usual one does; another may not, so what is measured is what pip
would keep: the archives that it downloads.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from dockerslim_rewrite.engine.choose import choose
from dockerslim_rewrite.engine.interface import BuildRequest, RunRequest
from dockerslim_rewrite.engine.workspace import workspace
from tests.builds import standins
from tests.builds.examples import ROOT as EXAMPLES

#: Common packages that have something to weigh; what is not listed here counts as the median of the small ones.
PIP = (
    "boto3", "celery", "cryptography", "django", "fastapi", "flask", "gunicorn", "jinja2", "lxml", "matplotlib",
    "numpy", "opencv-python-headless", "pandas", "pillow", "psycopg2-binary", "pyarrow", "pydantic", "pytest",
    "redis", "requests", "scikit-learn", "scipy", "sqlalchemy", "uvicorn",
)  # fmt: skip
NPM = (
    "axios", "eslint", "express", "lodash", "mongoose", "next", "nodemon", "pm2", "prettier", "react-scripts",
    "serve", "typescript", "vite", "webpack",
)  # fmt: skip

_COUNT = "size() { find \"$1\" -type f -printf '%s\\n' 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }'; }\n"

_APT = """
for release in bullseye bookworm trixie; do
    rm -rf /var/lib/apt/lists/*
    sed -e "s/ bookworm/ $release/" /etc/apt/sources.list > /tmp/sources.list
    apt-get -o Dir::Etc::SourceList=/tmp/sources.list update || continue
    echo "$release $(size /var/lib/apt/lists)" >> /measured
done
"""
_PIP = """
for package in {packages}; do
    rm -rf /wheels
    pip download --no-deps --no-cache-dir --quiet --dest /wheels "$package" || continue
    echo "$package $(size /wheels)" >> /measured
done
"""
_PIP_FILES = """
for file in /context/*/requirements.txt; do
    rm -rf /wheels
    pip download --no-cache-dir --quiet --dest /wheels --requirement "$file" || continue
    echo "$(basename "$(dirname "$file")") $(size /wheels)" >> /measured
done
"""
_NPM = """
mkdir /project && cd /project
for package in {packages}; do
    rm -rf /root/.npm ./*
    npm install --ignore-scripts --silent "$package" || continue
    echo "$package $(size /root/.npm)" >> /measured
done
"""
_NPM_FILES = """
for file in /context/*/package-lock.json; do
    rm -rf /root/.npm
    cd "$(dirname "$file")" && npm ci --ignore-scripts --silent || continue
    echo "$(basename "$PWD") $(size /root/.npm)" >> /measured
done
"""
_GO = 'cd /context && go build -o /tmp/service . && echo "small-service $(size /root/.cache/go-build)" >> /measured\n'

#: By name: the base image, the commands, the folder to bring along.
SCENARIOS: Mapping[str, tuple[str, str, Path | None]] = {
    "apt": ("debian:bookworm", _APT, None),
    "pip": ("python:3.11", _PIP.format(packages=" ".join(PIP)), None),
    "pip-files": ("python:3.11", _PIP_FILES, EXAMPLES),
    "npm": ("node:18", _NPM.format(packages=" ".join(NPM)), None),
    "npm-files": ("node:18", _NPM_FILES, EXAMPLES),
    "go": ("golang:1.19", _GO, EXAMPLES / "go-service"),
}


def measure(name: str, engine_name: str) -> dict[str, int]:
    """The bytes of each item of a scenario. Raises ``BuildFailed`` if the scenario cannot run at all."""
    base, commands, context = SCENARIOS[name]
    standins.ensure([base])
    tag = "localhost/dockerslim-savings:1"
    with workspace() as folder, tempfile.TemporaryDirectory() as temporary:
        engine = choose(engine_name, folder)
        dockerfile, here = Path(temporary) / "Dockerfile", Path(temporary) / "context"
        shutil.copytree(context, here) if context else here.mkdir()
        (here / "measure.sh").write_text(_COUNT + "touch /measured\n" + commands + "true\n", "utf-8")
        dockerfile.write_text(f"FROM {base}\nCOPY . /context\nRUN sh /context/measure.sh\n", "utf-8")
        engine.build(BuildRequest(dockerfile, here, tag, fresh=True), Path(temporary) / "log", lambda line: None)
        said = engine.run(RunRequest(tag, ("cat", "/measured"))).stdout
        engine.close()
    return {item: int(count) for item, count in (line.split() for line in said.splitlines())}


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 0, or 2 if nothing can be built here."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.savings", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("scenarios", nargs="*", help=f"of {', '.join(SCENARIOS)}; all by default")
    parser.add_argument("--engine", default="buildah", help="buildah (default) or podman")
    chosen = parser.parse_args(arguments)
    standins.use_or_exit()
    for name in chosen.scenarios or SCENARIOS:
        found = measure(name, chosen.engine)
        print(f"[{name}]")
        for item, count in found.items():
            print(f"{item} = {round(count, -5):_}")
        if found:
            print(f"# median: {round(statistics.median(found.values()), -5):_}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
