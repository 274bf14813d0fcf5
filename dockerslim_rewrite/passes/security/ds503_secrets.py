"""DS503: secrets in ENV and ARG."""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.facts import Facts
from ...ir.build import Build
from ...ir.steps import Arg, Env, Run
from ...patterns import re
from ..base import Proposals, analysis

_SECRET = re.compile(
    r"(?:\A|_)(?:API_?KEY|AUTH|CREDENTIALS?|KEY|PASS|PASSWD|PASSWORD|PWORD|SECRETS?|TOKEN)(?:_|\Z)", re.IGNORECASE
)
#: Names that say of themselves that they are no secret, or only say where one is.
_PUBLIC = re.compile(
    r"(?:\A|_)(?:PUBLIC|GPG|PGP|FINGERPRINT|SIGNING_KEY_ID|KEYSERVERS?|FILE|PATH|DIR|URL|NAME|ID|LENGTH|SIZE|TYPE)(?:_|\Z)"
    r"|\A(?:ENABLE|DISABLE|USE|SKIP|ALLOW|REQUIRE|NO)_"
    # Which of Apache's modules is built, and where in a token or a request something is passed on.
    r"|(?:\A|_)MOD_AUTH[NZ]?(?:_(?!\w*(?:SECRET|KEY|TOKEN|PASS))\w*)?\Z|_CLAIM(?:S|_AS)?\Z|(?:\A|_)PASS_(?:\w+_)?AS\Z"
    r"|(?:\A|_)(?:DONT|DO_NOT)_WARN_\w+\Z"
    r"|_(?:ENABLED?|DISABLED?|REQUIRED|ALLOWED|TTL|TIMEOUT|EXPIR(?:(?!_EXPIR)\w)+|LIFETIME|TIME|AGE|MAX|MIN|HEADER|ISSUER|METHOD|ALGORITHM|MODE|"
    r"POLICY|PROVIDER|BACKEND|SERVER|HOST|PORT|THRESHOLD|INTERVAL|DELAY|RETRIES|REFRESH|SECONDS|MINUTES|HOURS|DAYS|COUNT|VERSION|"
    r"BRANCH|ROLES?|REPO(?:SITORY)?|COMMIT|REF|TAG|REVISION|SHA|PREFIX|SUFFIX|FORMAT|SCOPES?|REALM|AUDIENCE|CLASS|DRIVER|MODULE)\Z",
    re.IGNORECASE,
)
#: Values that switch something.
_SWITCH = re.compile(r"(?:true|false|yes|no|on|off|[01])\Z", re.IGNORECASE)
#: Addresses without a user and a password in them.
_ADDRESS = re.compile(r"(?:https?|git|ssh|ftp)://(?![^/\s]*:[^/\s]*@)\S+\Z", re.IGNORECASE)
#: Values that stand for a secret which is given later.
_DUMMY = re.compile(
    r"(?:|dummy\w*|replace[-_ ]?me\w*|placeholder|example|none|null|unset|todo|xxx+|your[-_].*|<.*>"
    r"|\$\{?\w+\}?)\Z",
    re.IGNORECASE,
)
_FINGERPRINTS = re.compile(r"(?:0x)?[0-9A-Fa-f]{8,}(?:(?:\s+|0x|\s+0x)[0-9A-Fa-f]{8,})*\s*\Z")


def secrets(build: Build, facts: Facts) -> Proposals:
    """Tell where ENV or ARG hold what by its name is a secret.

    ENV is stored in the image's configuration, and ARG in its history: whoever can pull the image can read both.

    Nothing is changed, since the command that builds the image must change as well: it passes the secret with
    `--secret`, and the RUN that needs it asks for it with `--mount=type=secret`. Safe for that reason. Source: BuildKit
    check SecretsUsedInArgOrEnv; Docker documentation, "Build secrets".
    """
    for step in build:
        if not isinstance(step, Env | Arg):
            continue
        for pair in step.pairs:
            value = (pair.value or "").strip("\"'")
            if (
                not _SECRET.search(pair.key)
                or _PUBLIC.search(pair.key)
                or _FINGERPRINTS.match(value)
                or _SWITCH.match(value)
                or _ADDRESS.match(value)
            ):
                continue
            mount = (
                f"RUN --mount=type=secret,id={pair.key.lower()},env={pair.key}, "
                f"and build with --secret id={pair.key.lower()},env={pair.key}"
            )
            if step.keyword == "ARG":
                yield analysis(
                    step.line,
                    f"{pair.key} is kept in the image's history; give it to the RUN that needs it with {mount}",
                )
                continue
            if _DUMMY.match(value):
                continue
            reader = next((run for run in _runs(build) if re.search(rf"\b{pair.key}\b", run.origin.text)), None)
            advice = f"pass it when the container starts (docker run --env {pair.key}, or a secret of the orchestrator)"
            if reader is not None:
                advice = f"the RUN on line {reader.line} can get it with {mount}; for what runs later, {advice}"
            yield analysis(step.line, f"{pair.key} is kept in the image's configuration; {advice}")


def _runs(build: Build) -> Iterator[Run]:
    return (run for stage in build.stages for run in stage.runs)
