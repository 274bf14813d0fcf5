#!/bin/sh
# The nightly run: chart and table from the newest data.
exec python analysis.py data.csv "${1:-/tmp/chart.png}"
