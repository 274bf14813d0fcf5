"""Serves a collection of letters, one line a letter, and counts words in them."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

LETTERS = Path(__file__).parent / "letters" / "letters.txt"


def letter(number: int) -> str:
    """The letter with that number, counted from 0; IndexError if there is none."""
    return LETTERS.read_text().splitlines()[number]


class Handler(BaseHTTPRequestHandler):
    """GET /12 answers the letter number 12."""

    def do_GET(self) -> None:
        try:
            body = letter(int(self.path.strip("/"))).encode()
            self.send_response(200)
        except (ValueError, IndexError):
            body = b"no such letter"
            self.send_response(404)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    HTTPServer(("", 8080), Handler).serve_forever()
