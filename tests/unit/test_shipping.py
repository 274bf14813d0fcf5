"""What commands write, what stages ship, how containers start, and whether Go sources need C: one fact a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite.analysis.runtime.go_sources import may_need_c
from dockerslim_rewrite.analysis.runtime.shipped import Obstacle, Shipping
from dockerslim_rewrite.analysis.runtime.shipping import shipping
from dockerslim_rewrite.analysis.runtime.starting import Starting, starting
from dockerslim_rewrite.context.locate import locate
from dockerslim_rewrite.context.project import FolderProject
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.knowledge.libraries import libraries
from dockerslim_rewrite.knowledge.recipes import recipe
from dockerslim_rewrite.syntax import parse


def ships(*lines: str, name: str = "native", version: str | None = None) -> tuple[Shipping, Obstacle | None]:
    build = read_build(parse("FROM base\n" + "\n".join(lines) + "\n"))
    return shipping(build.stages[0], recipe(name), version)


def paths(*lines: str, name: str = "native", version: str | None = None) -> list[str]:
    found, obstacle = ships(*lines, name=name, version=version)
    assert obstacle is None, obstacle
    return [place.path for place in found.places]


def obstacle(*lines: str, name: str = "native") -> str:
    found = ships(*lines, name=name)[1]
    assert found is not None
    return found.reason


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("COPY . /app", ["/app"]),
        ("COPY app.conf web.conf /etc/", ["/etc/app.conf", "/etc/web.conf"]),
        ("ADD https://example.com/a/tool.bin?x=1 /usr/local/bin/", ["/usr/local/bin/tool.bin"]),
        ("COPY <<E /etc/motd\nhello\nE", ["/etc/motd"]),
        ("RUN mkdir -p /data/a /data/b /usr/bin", ["/data/a", "/data/b"]),
        ("RUN cp -r a b /srv/x", ["/srv/x"]),
        ("RUN cp build/tool /usr/local/bin", ["/usr/local/bin/tool"]),
        ("RUN install -m 755 tool /usr/bin/", ["/usr/bin/tool"]),
        ("RUN curl -fsSLo /usr/local/bin/x https://example.com/x && chmod +x /usr/local/bin/x", ["/usr/local/bin/x"]),
        ("RUN cd /data && curl -O https://example.com/y.bin", ["/data/y.bin"]),
        ("RUN wget -qO- https://example.com/z | tar xz -C /z", ["/z"]),
        ("RUN echo listen=80 > /etc/tool.conf 2>&1", ["/etc/tool.conf"]),
        ("RUN echo x | tee /etc/a >/dev/null", ["/etc/a"]),
        ("RUN sed -i -e s/a/b/ -e s/c/d/ /etc/x /etc/y", ["/etc/x", "/etc/y"]),
        ("RUN (cd /a && touch b) && touch /c", ["/a/b", "/c"]),
        ("RUN git clone https://example.com/some/tool.git", ["/tool"]),
        ("RUN git clone -b v1 https://example.com/tool /src/t", ["/src/t"]),
        ("RUN mkdir /a && mv /a /b", ["/b"]),
        ("RUN mkdir /a /b && rm -rf /a", ["/b"]),
        ("RUN v=1.2 && mkdir -p /opt/tool-${v}", ["/opt/tool-1.2"]),
        ("RUN cd $(mktemp -d) && true", []),
        ('RUN t="$(mktemp -d)" && cd "$t" && touch x && rm -rf "$t"', []),
        ("RUN gcc -O2 -o /usr/local/bin/t t.c", ["/usr/local/bin/t"]),
        ("RUN cd /src && make && make install", ["/src", "/usr/local"]),
        ("RUN cd /src && ./configure --prefix=/opt/t && make install", ["/opt/t", "/src"]),
        ("RUN cd /src && cmake -DCMAKE_INSTALL_PREFIX=/opt/t . && make install", ["/opt/t", "/src"]),
        ("RUN cd /src && make install prefix=/opt/t", ["/opt/t", "/src"]),
        ("RUN useradd -m -d /home/web web", ["/home/web"]),
        ("RUN useradd web && addgroup x", []),
        ("ENV D=/data\nRUN mkdir $D/x ${D}/y", ["/data/x", "/data/y"]),
        ("WORKDIR /w\nWORKDIR v\nRUN touch x", ["/w"]),
        ("RUN touch /x\nWORKDIR /later", ["/x"]),
        ("RUN { echo a; echo b; } > /etc/x", ["/etc/x"]),
        ("RUN cd /tmp/tool-* && make", []),
        ("RUN awk '{ print $1 }' /etc/passwd > /names", ["/names"]),
    ],
)
def test_places(line: str, expected: list[str]) -> None:
    assert paths(line) == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("RUN ./build.sh", "what ./build.sh writes"),
        ("RUN python3 tool.py", "what python3 writes"),
        ("RUN curl https://example.com/x | bash", "what the script that bash is given writes"),
        ("RUN sh tools/setup.sh", "what the script tools/setup.sh writes"),
        ('RUN rm -rf "$ODD"', 'it deletes "$ODD", which'),
        ("COPY . /", "what COPY . puts into /"),
        ("COPY data /etc/", "what COPY data puts into /etc"),
        ("ARG D\nCOPY . /srv/$D", "depends on a build argument"),
        ("RUN tar xzf a.tgz", "what tar unpacks among the files of the base image, in /, is"),
        ("RUN tar czf /a.tgz /etc", "where tar writes"),
        ("RUN mkdir /a/$RANDOM", "where mkdir writes"),
        ("RUN cp -t /usr/bin a b", "where cp writes"),
        ("RUN ln -s /opt/t/bin/t /usr/local/bin/t", "COPY would follow the link /usr/local/bin/t"),
        ("RUN rm -f /etc/nginx/nginx.conf", "it deletes /etc/nginx/nginx.conf"),
        ("RUN apt-get install -y /tmp/x.deb", "may be any package"),
        ("RUN apt-get install -y $PACKAGES", "may be any package"),
        ("RUN apt-get install -y -t backports x", "is given -t"),
        ("RUN usermod -aG docker web", "changes accounts"),
        ("RUN cd /src && ./configure --prefix=/usr && make install", "puts files into /usr"),
        ("RUN { echo a; echo b; } > $X", "where a group of commands writes"),
        ("RUN awk '{ print > \"/x\" }' /etc/passwd", "where awk writes"),
        ("RUN for d in a b; do cd $d && make; done", "in which directory it builds"),
        ('RUN ["/build"]', "what /build writes"),
        ("ONBUILD COPY . /app", "triggers"),
    ],
)
def test_what_is_not_known_is_said(line: str, reason: str) -> None:
    assert reason in obstacle(line)


def test_links_inside_a_place_come_along() -> None:
    assert paths("COPY . /app", "RUN ln -s /app/bin/t /app/t") == ["/app"]


@pytest.mark.parametrize(
    ("line", "places", "made"),
    [
        ("RUN go build -o /bin/web ./cmd/web", ["/bin/web"], {"web"}),
        ("RUN cd /go/src/web && go build", ["/go/src/web"], {"web"}),
        ("RUN cd /src && go build ./main.go", ["/src"], {"main"}),
        ("RUN cd /src && go build -o out/ ./cmd/a ./cmd/b", ["/src/out"], {"a", "b"}),
        ("RUN go get github.com/x/tool/v2", ["/go/bin"], {"tool"}),
        ("RUN go install github.com/x/tool@v1.2.3", ["/go/bin"], {"tool"}),
        ("ENV GOPATH=/gopath\nRUN go install ./...", ["/gopath/bin"], {"*"}),
        ("RUN cd /src && go get -d ./... && go vet ./...", [], set()),
    ],
)
def test_go(line: str, places: list[str], made: set[str]) -> None:
    found, problem = ships(line, name="go")
    assert problem is None
    assert [place.path for place in found.places] == places
    assert set(found.made) == made


def test_packages_of_languages_lie_where_the_image_has_them() -> None:
    python = paths("RUN pip install flask", name="python", version="3.11.4")
    assert "/usr/local/lib/python3.11/site-packages" in python
    assert (
        obstacle("RUN pip install flask", name="python")
        == "where pip installs packages is not known: the tag of the base image does not tell its minor version"
    )
    assert "--user" in obstacle("RUN pip install --user flask", name="python")
    assert paths("RUN pip install -t /lib/x flask", name="python", version="3.11") == ["/lib/x"]
    assert paths("WORKDIR /app", "RUN npm ci && npm run build", name="node") == ["/app"]
    assert "npm install -g" in obstacle("RUN npm install -g x", name="node")
    assert paths("WORKDIR /app", "RUN bundle install", name="ruby") == ["/app", "/usr/local/bundle"]


def test_packages_that_go_again_are_not_shipped() -> None:
    found, problem = ships(
        "RUN tools='gcc make' && apt-get update && apt-get install -y --no-install-recommends $tools curl=7.88.1-10",
        "RUN apt-get purge -y --auto-remove gcc",
        "RUN apk add -t .deps git && apk del .deps",
    )
    assert problem is None
    assert [(one.name, one.written, one.lean) for one in found.packages] == [
        ("make", "make", True),
        ("curl", "curl=7.88.1-10", True),
    ]


def starts(*lines: str) -> Starting | str:
    return starting(read_build(parse("FROM base\n" + "\n".join(lines) + "\n")).stages[0])


@pytest.mark.parametrize(
    ("lines", "programs", "shell"),
    [
        (['CMD ["web", "-p", "80"]'], ["web"], None),
        (["CMD ./web -p 80"], ["./web"], "CMD"),
        (["CMD exec ./web"], ["./web"], "CMD"),
        (['CMD ["sh", "-c", "sleep 1 && exec web"]'], ["web"], "CMD"),
        (['ENTRYPOINT ["java"]', 'CMD ["-jar", "x.jar"]'], ["java"], None),
        (['CMD ["a"]', 'CMD ["b"]'], ["b"], None),
        (['CMD ["a"]', "HEALTHCHECK CMD curl -f http://localhost/ || exit 1"], ["a", "curl"], "HEALTHCHECK"),
        (['CMD ["a"]', "HEALTHCHECK NONE"], ["a"], None),
    ],
)
def test_how_containers_start(lines: list[str], programs: list[str], shell: str | None) -> None:
    found = starts(*lines)
    assert isinstance(found, Starting)
    assert ([one.name for one in found.programs], found.needs_shell) == (programs, shell)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "what the base image starts"),
        (["CMD []"], "what the base image starts"),
        (["CMD $APP"], "a variable decides"),
        (['CMD ["bash", "run.sh"]'], "starts a script or a shell"),
        (['CMD ["bash"]'], "starts a shell: this may be an image to work in"),
    ],
)
def test_starts_that_are_not_known(lines: list[str], reason: str) -> None:
    found = starts(*lines)
    assert isinstance(found, str)
    assert reason in found


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("import \\"C\\"") }\n', None),
        ('package main\n\n// #include <stdio.h>\nimport "C"\n', "main.go uses C"),
        ('package main\n\n/*\nint x;\n*/\nimport (\n\t"C"\n\t"fmt"\n)\n', "main.go uses C"),
        ('package main\n\nimport (\n\tx "example.com/web/pages"\n\t_ "embed"\n)\n', None),
        ('package main\n\nimport _ "github.com/mattn/go-sqlite3"\n', "which may use C"),
    ],
)
def test_go_sources(tmp_path: Path, source: str, reason: str | None) -> None:
    (tmp_path / "go.mod").write_text("module example.com/web\n")
    (tmp_path / "main.go").write_text(source)
    found = may_need_c(FolderProject(locate(tmp_path / "Dockerfile", tmp_path), "Dockerfile"))
    assert found is None if reason is None else reason in (found or "")


def test_no_go_source_is_no_proof(tmp_path: Path) -> None:
    found = may_need_c(FolderProject(locate(tmp_path / "Dockerfile", tmp_path), "Dockerfile"))
    assert found == "the build context holds no Go source"


def test_libraries() -> None:
    assert libraries("libssl-dev", "debian", "bookworm") == ("libssl3",)
    assert libraries("libssl-dev", "debian", None) is None
    assert libraries("libc6-dev", "debian", None) == ()
    assert libraries("libgtk-3-dev", "debian", "bookworm") is None
    assert libraries("build-base", "alpine", None) == ("libgomp", "libstdc++")


def test_libraries_of_other_releases() -> None:
    assert libraries("libjpeg-dev", "debian", "bookworm") == ("libjpeg62-turbo",)
    assert libraries("libjpeg-dev", "ubuntu", "jammy") == ("libjpeg8",)
    assert libraries("default-libmysqlclient-dev", "ubuntu", "focal") == ("libmysqlclient21",)
    assert libraries("libssl-dev", "ubuntu", "resolute") is None
    assert libraries("libxml2-dev", "debian", "sid") is None
    assert libraries("zlib1g-dev", "debian", "sid") == libraries("zlib1g-dev", "ubuntu", "resolute") == ("zlib1g",)
    assert libraries("libc6-dev", "ubuntu", "trusty") == ()


def test_releases_beneath_tags() -> None:
    go = recipe("go")
    assert [go.release(one) for one in ("1.19", "1.22.4", "1.24", "1", None)] == [
        "bookworm",
        "bookworm",
        "trixie",
        None,
        None,
    ]
