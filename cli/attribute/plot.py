"""Channels x models as grouped bars: what each model gives to each channel, the largest channels first."""

from pathlib import Path

import numpy as np

from cli.attribute.models import Totals, UnusableOption
from services.attribution.domain.journeys.journeys import Floats

_SHOWN = 10
_INK, _FAINT, _BAND = "#22303c", "#d5dde4", "#f4f6f8"
# Families share a hue: single touch blue, positional teal to green, time and even amber, fitted red.
COLOURS = {
    "first": "#1f4e79",
    "last": "#3f7fb5",
    "last_non_direct": "#8fbbdd",
    "linear": "#e0a526",
    "time_decay": "#f2cf7a",
    "u_shaped": "#0b5d4e",
    "u_lead": "#178a70",
    "w_shaped": "#4fb08c",
    "full_path": "#93d1ab",
    "j_shaped": "#6b5b95",
    "inverse_j": "#a99bc9",
    "custom": "#7d8791",
    "markov": "#b3382c",
    "shapley": "#e58a7b",
}


def draw(totals: list[Totals], path: Path) -> None:
    """Write the picture as .svg or .png. Value is drawn when there is any, else conversions.

    Raises UnusableOption for another ending, or when matplotlib is not installed.
    """
    if path.suffix.lower() not in {".svg", ".png"}:
        raise UnusableOption(f"--plot {path}: name a .svg or .png file")
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise UnusableOption('--plot needs matplotlib: pip install "closedloop[plot]"') from error
    measure = "value" if any(np.any(one.value) for one in totals) else "conversions"
    names, table = _largest(totals, measure)
    # Bars stand family by family, whatever order the models were asked for in.
    models = sorted(range(len(totals)), key=lambda i: [*COLOURS, totals[i].model].index(totals[i].model))
    inches = min(max(8.0, 2.2 + 0.16 * len(names) * (len(models) + 2)), 15.0)
    figure = Figure(figsize=(inches, 0.3 * inches + 3.0), layout="constrained")
    axes = figure.add_subplot()
    for band in range(0, len(names), 2):
        axes.axvspan(band - 0.5, band + 0.5, color=_BAND, linewidth=0, zorder=0)
    width = 0.86 / len(models)
    for place, i in enumerate(models):
        at = np.arange(len(names)) + (place - (len(models) - 1) / 2) * width
        model = totals[i].model
        axes.bar(at, table[i], width * 0.92, label=model, color=COLOURS.get(model, _INK), zorder=2)
    axes.set_xticks(range(len(names)), [_wrapped(name) for name in names], color=_INK)
    axes.set_title(f"Share of {measure} by channel", loc="left", color=_INK, fontsize=15, fontweight="bold", pad=14)
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.grid(axis="y", color=_FAINT, zorder=1)
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.tick_params(length=0, labelcolor=_INK)
    axes.spines[:].set_visible(False)
    axes.set_xlim(-0.5, len(names) - 0.5)
    figure.legend(loc="outside right upper", frameon=False, labelcolor=_INK, title="model", alignment="left")
    try:
        figure.savefig(path, dpi=160)
    except OSError as error:
        raise UnusableOption(f"cannot write {path}: {error.strerror}") from error


def _largest(totals: list[Totals], measure: str) -> tuple[list[str], Floats]:
    """Names and shares (models x channels) of the channels that matter most over all models; the rest as one."""
    channels = totals[0].channels
    amounts = np.array([getattr(one, measure) for one in totals], dtype=np.float64)
    whole = amounts.sum(axis=1, keepdims=True)
    shares = np.divide(amounts, whole, out=np.zeros_like(amounts), where=whole != 0)
    order = np.argsort(-shares.mean(axis=0), kind="stable")
    shown, rest = order[:_SHOWN], order[_SHOWN:]
    names = [channels[i] for i in shown.tolist()]
    if not len(rest):
        return names, shares[:, shown]
    return [*names, f"{len(rest)} others"], np.column_stack((shares[:, shown], shares[:, rest].sum(axis=1)))


def _wrapped(name: str) -> str:
    return name.replace(" ", "\n", 1) if len(name) > 9 else name
