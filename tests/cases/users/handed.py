"""The handed cases: a folder of ``inputs`` each, its level, and what is right."""

from __future__ import annotations

from dockerslim_rewrite.record import record


@record
class Handed:
    """What the result at ``level`` must hold and must not hold, and what a remark of a rule must say."""

    name: str
    level: str
    holds: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()


HANDED = (
    Handed("30b-hf", "standard", lacks=("USER",), remarks=(("DS501", "as sentence_transformers does"),)),
    Handed("30h-puppeteer", "standard", lacks=("USER",), remarks=(("DS501", "the browser of Puppeteer"),)),
    Handed("30s-corepack", "standard", lacks=("USER",), remarks=(("DS501", "corepack puts"),)),
    Handed("31a-go-runtime", "standard", ("AS runtime", "install -y --no-install-recommends ca-certificates git")),
    Handed("31e-go-exec", "standard", ("AS runtime", "install -y --no-install-recommends ca-certificates git")),
    Handed("31i-java-compiler", "standard", lacks=("AS runtime",), remarks=(("DS404", "code uses javac"),)),
    Handed("61b-aspnet-port", "standard", lacks=("USER",), remarks=(("DS501", "port 80"),)),
    Handed(
        "70-g1",
        "standard",
        ("chown 10001:10001 /srv/logs", "COPY --chown=10001:10001 . .", "\nUSER 10001:10001"),
    ),
    Handed(
        "70-g3",
        "standard",
        ("chown 10001:10001 /srv/logs", "COPY --chown=10001:10001 . .", "\nUSER 10001:10001"),
    ),
    Handed("70-l1", "standard", lacks=("USER",), remarks=(("DS501", "logging.ini:11"),)),
    Handed("70-l5", "standard", lacks=("USER",), remarks=(("DS501", "site.db (config.py:1)"),)),
    Handed("70-l8", "standard", lacks=("USER",)),
    Handed("70-s6", "aggressive", ("python:3.11-slim", "file procps unzip")),
    Handed("99-ds501-home", "standard", lacks=("USER",), remarks=(("DS501", "as transformers does"),)),
    Handed("py-gunicorn-conf", "standard", lacks=("USER",), remarks=(("DS501", "accesslog = /var/log/access.log"),)),
    Handed("java-logfile", "standard", lacks=("USER",), remarks=(("DS501", "runs as an unprivileged user"),)),
    Handed(
        "node-sqlite",
        "standard",
        ("chown 1000:1000 /app", "COPY --chown=1000:1000 . .", "\nUSER 1000:1000"),
    ),
    Handed("prisma-api", "standard", lacks=("COPY package.json",), remarks=(("DS701", "@prisma/client"),)),
    Handed("conda-pip-flow", "standard", ("COPY environment.yml requirements.txt ./",)),
)
