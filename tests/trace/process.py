"""The sandbox process; started by sandbox.py."""

import sys

from tests.trace.driver import main

main(sys.argv[1])
