"""Fits a straight line through yearly measurements, prints a table and draws the chart."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from scipy import stats
from tabulate import tabulate


def main(data: Path, chart: Path) -> None:
    """Read `data`, print the fit, and write the chart to `chart`."""
    frame = pd.read_csv(data)
    fit = stats.linregress(frame["year"], frame["level"])
    table = [("slope", f"{fit.slope:.3f}"), ("intercept", f"{fit.intercept:.1f}"), ("r", f"{fit.rvalue:.4f}")]
    print(tabulate(table, headers=("quantity", "value")))
    figure, axes = plt.subplots()
    axes.plot(frame["year"], frame["level"], "o")
    axes.plot(frame["year"], fit.slope * frame["year"] + fit.intercept)
    figure.savefig(chart)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
