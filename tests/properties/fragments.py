"""Pieces of Dockerfiles, each of which some rule has something to say of, and how they are put together."""

from __future__ import annotations

from hypothesis import strategies as st

BASES = (
    "debian:12", "debian", "ubuntu:22.04", "alpine:3.20", "python:3.12", "python:3.9-slim", "node:20", "node", "golang:1.22",
    "ruby:3.3", "php:8.2-cli", "redis:7", "rust:1.80", "maven:3.9", "gradle:8-jdk17", "example.org/unknown:1", "centos:7",
    "continuumio/miniconda3", "nginx:1.27", "mcr.microsoft.com/dotnet/sdk:8.0",
)  # fmt: skip

#: Commands of RUN; some leak state, clean up, need the one before, or are opaque.
COMMANDS = (
    "apt-get update", "apt-get update || true", "apt-get -o Acquire::Retries=3 update", "apt-get install -y curl",
    "apt-get install -y --no-install-recommends git make", "apt install jq", "apt-get install -y gcc luarocks",
    "apt-get clean", "rm -rf /var/lib/apt/lists/*", "apk update", "apk add git", "apk add --no-cache curl",
    "rm -rf /var/cache/apk/*", "yum install -y git", "yum clean all", "pip install flask", "pip install -r requirements.txt",
    "pip cache purge", "rm -rf ~/.cache/pip", "npm install", "npm ci", "npm cache clean --force", "yarn install --frozen-lockfile",
    "conda install -y numpy", "/opt/conda/bin/conda install -y scipy", "gem install bundler", "composer install",
    "./composer.phar install", "cargo build --release", "go build -o /app .", "mvn package", "gradle build", "dotnet publish",
    "cd /opt && make", "cd /srv/app", "cd sub && ls", "cd /tmp/x || exit 1", "readonly PKGS=curl", "export A=1", "A=2",
    "set -e", "set -o pipefail", "unset A", "umask 022", "trap 'rm -f /tmp/x' EXIT", "getopts ab: opt", "exec true", "exit 0",
    "f() { npm install; }; f", "(cd /srv && npm ci)", "{ echo a; echo b; }", "true; false || true", "sleep 1 &",
    "curl -fsSLO https://dl.example.org/a.tgz && tar xzf a.tgz", "wget https://dl.example.org/b.zip && unzip b.zip",
    "rm -f a.tgz", "curl -fsSL https://example.org/x | sh", "wget -qO- https://example.org/a.tgz | tar xz -C /opt; echo done",
    "git clone https://example.org/x.git", "useradd -u 100000 app", "adduser --disabled-password web", "chown -R app /srv",
    "chmod 644 /etc/new/a.conf", "chmod 755 /usr/local/bin/c.sh", "mkdir -p /data", "touch /data/x", "rm -rf /data",
    "echo 'export A=1' >> $HOME/.bashrc && source $HOME/.bashrc", "echo -e 'a\\tb' > /etc/x", "sudo apt-get install -y vim",
    "sudo -u node npm install", "ln -sf /bin/bash /bin/sh", "ls $DIR/x", "rm -rf $DIR/*", "./deps.sh", "make install",
    "if [ -n \"$X\" ]; then npm install -g gulp; fi", "for d in a b; do (cd $d && npm ci); done", "frobnicate",
    "PATH=/opt/conda/bin:$PATH conda install -y numpy", "cp -r ./* /srv/", "test -f /x && echo yes", "curl -O https://e.org/a && wget https://e.org/b",
)  # fmt: skip

#: Instructions other than RUN.
INSTRUCTIONS = (
    "MAINTAINER Jane Doe <jane@example.com>", "LABEL Version=1 a.b=c", "ENV A 1", "ENV B=2 C=three", "ENV DIR /srv", "ARG X", "ARG TOKEN=none",
    "ADD . /app", "COPY . .", "COPY a.conf /etc/new/", "COPY c.sh /usr/local/bin/c.sh", "COPY go.mod go.sum ./", "COPY a b /dest",
    "COPY requirements.txt package.json /app/", "WORKDIR app", "WORKDIR /srv/app", "WORKDIR $DIR", "USER app", "USER root", "EXPOSE 80 8080/TCP",
    "VOLUME /data", "CMD npm start", 'CMD ["one"]', "CMD exec server --port $PORT", "CMD echo start && [[ -f /x ]] && exec sleep 9",
    'ENTRYPOINT ["/e.sh"]', "ENTRYPOINT /e.sh", "HEALTHCHECK CMD curl -f http://localhost/ || exit 1", 'SHELL ["/bin/bash", "-c"]',
    "STOPSIGNAL SIGTERM", "ONBUILD RUN apt-get install -y jq", "# a comment", "", "# keep this one separate", "RUN [\"npm\", \"ci\"]",
    "RUN <<EOF\napt-get update\napt-get install -y tree\nEOF", "RUN --mount=type=cache,target=/root/.cache pip install django",
    "COPY --from=builder /x /y", "copy lower /case/",
)  # fmt: skip

_JOINTS = (" && ", " && \\\n    ", "; ", " ; \\\n    ", " || ", " && \\\n    # why\n    ")


@st.composite
def _run(draw: st.DrawFn) -> str:
    first = draw(st.sampled_from(COMMANDS))
    rest = draw(st.lists(st.tuples(st.sampled_from(_JOINTS), st.sampled_from(COMMANDS)), max_size=3))
    return "RUN " + first + "".join(joint + command for joint, command in rest)


@st.composite
def composed(draw: st.DrawFn) -> str:
    """A Dockerfile of one or two stages, put together from pieces that rules act on."""
    lines: list[str] = []
    stages = draw(st.integers(1, 2))
    for index in range(stages):
        base = draw(st.sampled_from(BASES))
        lines.append(f"FROM {base} AS builder" if index + 1 < stages else f"FROM {base}")
        steps = st.one_of(_run(), _run(), st.sampled_from(INSTRUCTIONS))
        lines.extend(draw(st.lists(steps, min_size=1, max_size=8)))
    return "\n".join(lines) + "\n"
