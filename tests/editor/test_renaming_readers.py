"""An argument that something which a RUN runs may read by its name is not renamed; who reads it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from .client import applied, editor, edits_of

pytestmark = pytest.mark.asyncio

READING = {
    "build.sh": "#!/bin/sh\nset -e\necho $VERSION\n",
    "outer.sh": "#!/bin/sh\n./build.sh\n",
    "Makefile": "all:\n\techo $(VERSION)\n",
    "setup.py": "import os\nfrom setuptools import setup\nsetup(version=os.environ['VERSION'])\n",
    "package.json": '{"scripts": {"build": "echo $VERSION"}}\n',
    "build.js": "console.log(process.env.VERSION)\n",
    "vite.js": "const { A, VERSION } = process.env\n",
    "build.rs": 'fn main() { println!("{}", env!("VERSION")); }\n',
    "main.go": 'package main\nimport "os"\nfunc main() { print(os.Getenv("VERSION")) }\n',
    "Rakefile": "task(:x) { puts ENV.fetch('VERSION') }\n",
    "requirements.txt": "x==${VERSION}\n",
}


@pytest.mark.parametrize(
    ("files", "steps", "reason"),
    [
        ("build.sh", "COPY build.sh .\nRUN ./build.sh", "build.sh:3 reads VERSION, and line 4 may run it"),
        ("build.sh", "COPY build.sh /usr/bin/\nRUN build.sh && echo $VERSION", "build.sh:3 reads VERSION"),
        ("build.sh", "RUN --mount=type=bind,source=build.sh,target=/b.sh sh /b.sh", "build.sh:3 reads VERSION"),
        ("build.sh outer.sh", "COPY . .\nRUN ./outer.sh", "build.sh:3 reads VERSION"),
        ("Makefile", "COPY . .\nRUN make", "Makefile:2 reads VERSION, and line 4 may run it"),
        ("build.sh", "COPY . .\nRUN make VERSION=$VERSION && ./build.sh", "build.sh:3 reads VERSION"),
        ("setup.py", "COPY . .\nRUN pip install .", "setup.py:3 reads VERSION"),
        ("package.json", "COPY . .\nRUN npm run build", "package.json:1 reads VERSION"),
        ("package.json", "COPY . .\nRUN npm ci", "package.json:1 reads VERSION"),
        ("build.js", "COPY . .\nRUN node build.js", "build.js:1 reads VERSION"),
        ("vite.js", "COPY . .\nRUN npx vite build", "vite.js:1 reads VERSION"),
        ("build.rs", "COPY . .\nRUN cargo build", "build.rs:1 reads VERSION"),
        ("main.go", "COPY . .\nRUN go run .", "main.go:3 reads VERSION"),
        ("Rakefile", "COPY . .\nRUN bundle exec rake x", "Rakefile:1 reads VERSION"),
        ("requirements.txt", "COPY . .\nRUN pip install -r requirements.txt", "requirements.txt:1 reads VERSION"),
        ("", "RUN git clone https://x.org/y && cd y && make", "line 3 may read VERSION: what make builds cannot"),
        ("", "RUN curl https://x.org/y | sh", "line 3 may read VERSION: a script from the network"),
        ("", "COPY --from=x /a.sh /\nRUN sh /a.sh", "line 4 may read VERSION: /a.sh cannot be read"),
    ],
)
async def test_what_reads_an_argument_by_its_name_is_told(tmp_path: Path, files: str, steps: str, reason: str) -> None:
    for name in files.split():
        (tmp_path / name).write_text(READING[name])
    async with editor(tmp_path) as ed:
        uri = ed.open(tmp_path / "Dockerfile", f"FROM a\nARG VERSION=1\n{steps}\n")
        with pytest.raises(JsonRpcException, match=reason):
            await ed.client.text_document_rename_async(
                types.RenameParams(types.TextDocumentIdentifier(uri), types.Position(1, 4), "RELEASE")
            )


@pytest.mark.parametrize(
    "steps",
    [
        "COPY . .\nRUN apt-get update && apt-get install -y gcc=$VERSION",
        "COPY . .\nRUN pip install requests==$VERSION && npm install -g yarn@$VERSION",
        "COPY . .\nRUN pip install -r other.txt",
        "COPY . .\nRUN make VERSION=$VERSION",
        "COPY . .\nRUN useradd -u $VERSION x && chmod +x build.sh && curl -o /x https://x.org/$VERSION",
        "COPY other.txt .\nRUN python -c 'print(1)'",
        "RUN make $VERSION",
        "COPY build.sh .\nCMD ./build.sh",
        "COPY other.txt .\nRUN docker-php-ext-install gd",
        # Another stage has no argument of this one.
        "FROM b\nCOPY . .\nRUN ./build.sh",
    ],
)
async def test_what_reads_no_argument_stops_no_rename(tmp_path: Path, steps: str) -> None:
    for name, text in {**READING, "other.txt": "requests\n"}.items():
        (tmp_path / name).write_text(text)
    text = f"FROM a\nARG VERSION=1\n{steps}\n"
    async with editor(tmp_path) as ed:
        uri = ed.open(tmp_path / "Dockerfile", text)
        params = types.RenameParams(types.TextDocumentIdentifier(uri), types.Position(1, 4), "RELEASE")
        made = applied(text, edits_of(await ed.client.text_document_rename_async(params), uri))
        assert made == text.replace("VERSION", "RELEASE").replace("make RELEASE=", "make VERSION=")


@pytest.mark.parametrize(
    "script",
    ["VERSION=2\necho $VERSION\n", "echo $VERSIONS $MY_VERSION\n", "# the VERSION is told elsewhere\n"],
)
async def test_a_script_with_a_variable_of_its_own_stops_no_rename(tmp_path: Path, script: str) -> None:
    (tmp_path / "build.sh").write_text(script)
    async with editor(tmp_path) as ed:
        uri = ed.open(tmp_path / "Dockerfile", "FROM a\nARG VERSION=1\nCOPY build.sh .\nRUN ./build.sh\n")
        params = types.RenameParams(types.TextDocumentIdentifier(uri), types.Position(1, 4), "RELEASE")
        assert len(edits_of(await ed.client.text_document_rename_async(params), uri)) == 1


async def test_an_argument_gets_no_name_that_a_script_reads(tmp_path: Path) -> None:
    (tmp_path / "build.sh").write_text("echo ${RELEASE:-none}\n")
    async with editor(tmp_path) as ed:
        uri = ed.open(tmp_path / "Dockerfile", "FROM a\nARG VERSION=1\nCOPY build.sh .\nRUN ./build.sh\n")
        params = types.RenameParams(types.TextDocumentIdentifier(uri), types.Position(1, 4), "RELEASE")
        with pytest.raises(
            JsonRpcException, match=r"build\.sh:1 reads RELEASE, and line 4 may run it, which would find"
        ):
            await ed.client.text_document_rename_async(params)
