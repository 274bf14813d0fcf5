"""Free berths of a harbour, from XML."""

import pathlib

from lxml import etree
from markupsafe import escape


def main() -> None:
    harbour = etree.parse(pathlib.Path(__file__).with_name("harbour.xml"))
    for berth in harbour.findall("berth"):
        print(escape(berth.get("name")), berth.text)
