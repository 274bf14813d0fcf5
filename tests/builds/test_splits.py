"""Split stages, built: what the container runs finds all that it opens, and the image loses what only builds need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.engine.announced import announced
from dockerslim_rewrite.engine.bases import external_images
from dockerslim_rewrite.engine.interface import BuildFailed
from dockerslim_rewrite.engine.verify import Candidate, VerifyOptions, verify_each

GO = {
    "Dockerfile": """FROM golang:1.19
ENV PAGES=/go/src/pages/templates
WORKDIR /go/src/pages
COPY . .
RUN go build -o /usr/local/bin/pages . && mkdir -p /var/lib/pages && echo ready > /var/lib/pages/state
EXPOSE 8080
CMD ["pages"]
""",
    "go.mod": "module example.com/pages\n\ngo 1.19\n",
    "main.go": """package main

import (
	"html/template"
	"os"
	"time"
)

func main() {
	state, err := os.ReadFile("/var/lib/pages/state")
	if err != nil {
		panic(err)
	}
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		panic(err)
	}
	day := time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC).In(zone)
	page := template.Must(template.ParseFiles(os.Getenv("PAGES") + "/day.html"))
	if err := page.Execute(os.Stdout, map[string]any{"Day": day, "State": string(state)}); err != nil {
		panic(err)
	}
}
""",
    "templates/day.html": "<p>{{.Day}} {{.State}}</p>\n",
}
C = {
    "Dockerfile": """FROM debian:bookworm
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make zlib1g-dev
COPY . /src
RUN cd /src && make && make install && ldconfig
RUN useradd --create-home packer
USER packer
WORKDIR /home/packer
ENTRYPOINT ["pack"]
""",
    "Makefile": """pack: pack.c libsum.so
	gcc -o pack pack.c -L. -lsum -lz
libsum.so: sum.c
	gcc -shared -fPIC -o libsum.so sum.c
install: pack
	install -d /usr/local/bin /usr/local/lib /usr/local/share/pack
	install pack /usr/local/bin/ && install libsum.so /usr/local/lib/ && install -m 644 words /usr/local/share/pack/
""",
    "sum.c": "unsigned sum(const unsigned char *s, int n) { unsigned r = 0; while (n--) r += *s++; return r; }\n",
    "pack.c": """#include <stdio.h>
#include <zlib.h>

unsigned sum(const unsigned char *s, int n);

int main(void) {
    unsigned char text[4096], packed[8192];
    FILE *words = fopen("/usr/local/share/pack/words", "r");
    if (!words) return 1;
    uLong length = fread(text, 1, sizeof text, words);
    uLongf size = sizeof packed;
    if (compress(packed, &size, text, length) != Z_OK) return 2;
    printf("%lu bytes, sum %u, packs: %d\\n", length, sum(text, length), size < length);
    return 0;
}
""",
    "words": "barge lock weir sluice\n" * 20,
}
PYTHON = {
    "Dockerfile": """FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
WORKDIR /app
COPY . .
RUN pip install --no-build-isolation --no-index ./ext
CMD ["python", "main.py"]
""",
    "ext/setup.py": """from setuptools import Extension, setup

setup(name="tide", version="1.0", ext_modules=[Extension("tide", ["tide.c"])])
""",
    "ext/tide.c": """#include <Python.h>

static PyObject *level(PyObject *self, PyObject *args) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"level", level, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "tide", NULL, -1, methods};

PyMODINIT_FUNC PyInit_tide(void) { return PyModule_Create(&module); }
""",
    "main.py": "import tide\n\nprint(tide.level())\n",
}


@pytest.mark.builds
@pytest.mark.parametrize(
    ("rule", "files", "level", "smoke", "times"),
    [
        pytest.param("DS401", GO, "standard", ("pages",), 5, id="go"),
        pytest.param("DS401", GO, "aggressive", ("pages",), 50, id="go, static"),
        pytest.param("DS407", C, "aggressive", ("pack",), 1.3, id="c"),
        pytest.param("DS402", PYTHON, "aggressive", ("python", "main.py"), 1.3, id="python"),
    ],
)
def test_a_split_image_works_and_is_smaller(
    rule: str,
    files: Mapping[str, str],
    level: str,
    smoke: tuple[str, ...],
    times: float,
    base_images: Callable[..., None],
    tmp_path: Path,
) -> None:
    context = tmp_path / "context"
    for name, text in files.items():
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text(text)
    before, after = context / "Dockerfile", tmp_path / "Dockerfile.split"
    result = rewrite(before.read_bytes(), Options(level=level, select=(rule,), context=context), str(before))
    assert [change.rule for change in result.changes] == [rule]
    after.write_bytes(result.to_bytes())
    base_images(*external_images(before, {}), *external_images(after, {}))
    options = VerifyOptions(engine="buildah", smoke=smoke, warm=False, control=False)
    candidate = Candidate(after, announced(result.changes))
    (outcome,) = verify_each(before, [candidate], context, options)
    assert not isinstance(outcome, BuildFailed), outcome.log_end
    assert outcome.before.smoke is not None
    assert outcome.before.smoke.status == 0, outcome.before.smoke
    assert outcome.smoke_agrees, outcome.after.smoke
    assert outcome.before.image.size > times * outcome.after.image.size
    assert not [one for one in outcome.unexpected if one.kind.value == "removed"]
    assert not outcome.unexpected_config
