"""``python -m benchmarks.contexts``: what a build is sent of a working copy, before and after ``--dockerignore``.

The examples are as a repository holds them. Who works with one has more in its folder: version control data, the
dependencies that he installed, a virtual environment, compiled modules. That is made here, in a copy, with the tools of
the base image; the files and bytes that a build is sent are then counted with and without the .dockerignore that the
rewriter writes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.context.dockerignore import read_dockerignore
from dockerslim_rewrite.context.locate import locate
from dockerslim_rewrite.context.project import FolderProject
from dockerslim_rewrite.engine.choose import choose
from dockerslim_rewrite.engine.interface import BuildRequest
from dockerslim_rewrite.engine.workspace import workspace
from tests.builds import standins
from tests.builds.examples import Example, examples

#: By the file that says so: the image whose tools install the dependencies, and how people call them.
TOOLS: Mapping[str, tuple[str, str]] = {
    "package.json": ("node:18", "npm ci --no-audit --no-fund"),
    "requirements.txt": (
        "python:3.11",
        "python -m venv .venv && .venv/bin/pip install --quiet -r requirements.txt"
        " && python -m compileall -q -x '[.]venv' .",
    ),
}
_COMMIT = ("-c", "user.name=bench", "-c", "user.email=bench@example.com", "commit", "--quiet", "-m", "All of it")


@contextmanager
def working_copy(example: Example, engine_name: str) -> Iterator[Path]:
    """A copy of *example* as it lies on the disk of somebody who works with it."""
    with tempfile.TemporaryDirectory(prefix="dockerslim-copy-") as temporary:
        folder = Path(temporary) / example.name
        shutil.copytree(example.context, folder)
        for arguments in (("init", "--quiet"), ("add", "--all"), _COMMIT):
            subprocess.run(["git", *arguments], cwd=folder, check=True)
        for manifest, (image, command) in TOOLS.items():
            if (folder / manifest).is_file():
                _install(folder, image, command, engine_name)
        yield folder


def _install(folder: Path, image: str, command: str, engine_name: str) -> None:
    """Run *command* in *folder* with the tools of *image*."""
    standins.ensure([image])
    tag = "localhost/dockerslim-copy:1"
    with workspace() as place:
        engine = choose(engine_name, place)
        dockerfile, archive = place / "Dockerfile", place / "image.tar"
        dockerfile.write_text(f"FROM {image}\nWORKDIR /copy\nCOPY . .\nRUN {command}\n", "utf-8")
        try:
            engine.build(BuildRequest(dockerfile, folder, tag, fresh=True), place / "log", lambda line: None)
            engine.export(tag, archive)
        finally:
            engine.remove(tag)
            engine.close()
        _take(archive, folder)


def _take(archive: Path, folder: Path) -> None:
    """Put what the last layer of *archive* has below ``/copy`` into *folder*."""
    with tarfile.open(archive) as image:
        manifest = json.load(image.extractfile("manifest.json"))[0]  # type: ignore[arg-type]
        with tarfile.open(fileobj=image.extractfile(manifest["Layers"][-1])) as layer:
            members = [member for member in layer if member.name.startswith("copy/") and not member.isdev()]
            for member in members:
                member.name = member.name.removeprefix("copy/")
                if member.islnk():
                    member.linkname = member.linkname.removeprefix("copy/")
            # Links of a virtual environment lead to the image's interpreter, which is elsewhere here.
            layer.extractall(folder, members, filter="fully_trusted")


def measure(example: Example, engine_name: str) -> dict[str, Any]:
    """Files and bytes that a build of *example* is sent, before and after, and what was left out."""
    with working_copy(example, engine_name) as folder:
        dockerfile = folder / "Dockerfile"
        files = FolderProject(locate(dockerfile, folder)).files
        result = rewrite(dockerfile.read_bytes(), Options(context=folder, dockerignore=True), str(dockerfile))
        ignore = read_dockerignore(result.companions[0].text if result.companions else "")
        kept = [file for file in files if not ignore.excludes(file.path)]
        return {
            "before": {"files": len(files), "size": sum(file.size for file in files)},
            "after": {"files": len(kept), "size": sum(file.size for file in kept)},
            "left_out": [path for companion in result.companions for path in companion.left_out],
        }


def main(arguments: Sequence[str]) -> int:
    """Measure, write; 0, or 2 if there are no base images."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.contexts", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("examples", nargs="*", help="measure only these")
    parser.add_argument("--engine", default="buildah", help="buildah (default) or podman")
    parser.add_argument("--results", type=Path, default=Path("build/contexts"), help="where figures are kept")
    chosen = parser.parse_args(arguments)
    standins.use_or_exit()
    chosen.results.mkdir(parents=True, exist_ok=True)
    for example in examples():
        if chosen.examples and example.name not in chosen.examples:
            continue
        found = measure(example, chosen.engine)
        (chosen.results / f"{example.name}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        print(
            f"{example.name}: {found['before']} {found['after']} {found['left_out'][:8]}", file=sys.stderr, flush=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
