"""Free moorings of a harbour, as a page."""

import pathlib

import yaml

HARBOUR = pathlib.Path(__file__).with_name("harbour.yaml")


def app(environ, start_response):
    moorings = yaml.load(HARBOUR.read_text(), Loader=yaml.CSafeLoader)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{name}: {free}\n".encode() for name, free in moorings.items()]
