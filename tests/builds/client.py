"""What this machine's package clients are told, copied so that the stand-ins' clients are told the same.

Each client is asked itself (`apt-get indextargets`, `apt-config`, `pip config`, `npm config`); so no host name has to
be known here, and none is ever written into the project.
"""

import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

RELEASE = "bookworm"
CLIENT = "/usr/local/share/client"  # where the stand-ins keep what `write` wrote

_APT_SETTINGS = ("Acquire::http", "Acquire::https", "Acquire::Check", "Acquire::Retries", "Acquire::Force")
_PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy")
_NPM_SETTINGS = ("registry", "proxy", "https-proxy", "strict-ssl")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def _output(*command: str) -> str:
    """What the command prints; nothing if it is not there or fails, as then there is nothing to copy."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def apt_sources() -> tuple[str, ...]:
    """The lines of sources.list for the release that the stand-ins are made of; none if apt does not know it."""
    wanted = "$(REPO_URI) $(CODENAME) $(COMPONENT) $(ORIGIN)"
    lines: dict[str, None] = {}
    for target in _output("apt-get", "indextargets", "--format", wanted, "Created-By: Packages").splitlines():
        match target.split():
            case [uri, codename, component, "Debian"] if codename.split("-")[0] == RELEASE:
                lines[f"deb {uri} {codename} {component}"] = None
    return tuple(lines)


def mirror() -> str:
    """Where debootstrap finds the release."""
    return next(line.split()[1] for line in apt_sources() if line.split()[2] == RELEASE)


def _apt_conf() -> str:
    lines = _output("apt-config", "dump").splitlines()
    return "".join(f"{line}\n" for line in lines if line.startswith(_APT_SETTINGS) and not line.endswith('"";'))


def _pip_conf() -> str:
    """Settings that lead to an index; one on this machine's own disk means nothing in a container."""
    found: dict[str, str] = {}
    for line in _output(sys.executable, "-m", "pip", "config", "list").splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2]
        kept = [word for word in value.strip("'\"").split() if not word.startswith(("file:", "/"))]
        if name in _PIP_SETTINGS and kept:
            found[name] = " ".join(kept)
    settings = "".join(f"{name} = {value}\n" for name, value in found.items())
    return f"[global]\ncert = {CLIENT}/ca.pem\n{settings}"


def _npmrc() -> str:
    lines = [f"cafile={CLIENT}/ca.pem", "fund=false", "audit=false", "update-notifier=false"]
    for name in _NPM_SETTINGS:
        value = _output("npm", "config", "get", name).strip()
        if value and value not in ("null", "undefined"):
            lines.append(f"{name}={value}")
    return "\n".join(lines) + "\n"


def write(folder: Path) -> None:
    """Write sources.list, apt.conf, pip.conf, npmrc and the bundle of trusted certificates into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sources.list").write_text("".join(f"{line}\n" for line in apt_sources()))
    (folder / "apt.conf").write_text(_apt_conf())
    (folder / "pip.conf").write_text(_pip_conf())
    (folder / "npmrc").write_text(_npmrc())
    bundle = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    bundle = bundle or "/etc/ssl/certs/ca-certificates.crt"
    if Path(bundle).is_file():
        shutil.copyfile(bundle, folder / "ca.pem")
    else:
        (folder / "ca.pem").write_text("")
