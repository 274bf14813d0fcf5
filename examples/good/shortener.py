"""A URL shortener in one WSGI function; what it was told lives as long as the process."""

import hashlib

_targets: dict[str, str] = {}


def shorten(url: str) -> str:
    """Remember `url` and return its key."""
    key = hashlib.sha256(url.encode()).hexdigest()[:8]
    _targets[key] = url
    return key


def application(environ, start_response):
    """GET /health, GET /KEY, POST / with the URL as the body."""
    path = environ["PATH_INFO"].strip("/")
    if environ["REQUEST_METHOD"] == "POST":
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        start_response("201 Created", [("Content-Type", "text/plain")])
        return [shorten(body).encode()]
    if path == "health":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]
    if path in _targets:
        start_response("302 Found", [("Location", _targets[path])])
        return [b""]
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"unknown key"]
