"""What decides an evaluation: which simulations and bins count, and how its uncertainty is found."""

import re
from dataclasses import dataclass
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import Range, shown
from rate2spike.errors import InputError
from rate2spike.options import check_options, not_default, option
from rate2spike.readable import Readable
from rate2spike.seeding import SEED_LIMIT
from rate2spike.spiking.twin_evaluation.cross_correlation import REACH_MS
from rate2spike.spiking.twin_evaluation.roc import OPERATING_FPR

SPIKE_RANGES = ("0-18", "1-24", "0-24", "0-30", "0-90")  # as published
HEADLINE = "0-24"
_INSIDE = Range(above=0, below=1)


def spike_range(text: str) -> tuple[int, int]:
    """`0-24` as (0, 24). Raises InputError."""
    found = re.fullmatch(r"(\d+)-(\d+)", text.strip())
    if not found or int(found[1]) > int(found[2]):
        raise InputError(
            f"{{spike_ranges}} must be ranges as 0-24, fewest and most spikes, got {shown(text)}", "spike_ranges"
        )
    return int(found[1]), int(found[2])


def _checked_ranges(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts:
        raise InputError("{spike_ranges} must be at least one range as 0-24", "spike_ranges")
    return tuple(f"{fewest}-{most}" for fewest, most in map(spike_range, texts))


@public()
@dataclass(frozen=True, repr=False)
class EvaluationOptions(Readable):
    """Settings of an evaluation; defaults as published, but for the intervals, which are ours.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.evaluation_options import EvaluationOptions
    >>> EvaluationOptions(discard_ms=0, spike_ranges="0-200")
    EvaluationOptions(discard_ms=0, spike_ranges=('0-200',))
    """

    discard_ms: int = option(500, "bins at the start of each simulation that do not count, ms", least=0)
    spike_ranges: tuple[str, ...] = option(
        SPIKE_RANGES, "simulations that count, by their number of spikes, fewest-most", check=_checked_ranges
    )
    headline: str | None = option(
        None, "the range of most interest", default_text=f"{HEADLINE} if it is one of them, else the first"
    )
    operating_fpr: float = option(OPERATING_FPR, "false positive rate of predicted spikes", allowed=_INSIDE)
    tolerance_ms: int = option(10, "how far apart two spikes may be and still agree, ms", least=0)
    reach_ms: int = option(REACH_MS, "largest lag of the cross-correlation, ms")
    n_subsets: int = option(12, "random subsets of the simulations", what="number of subsets", least=0)
    subset_share: float = option(0.67, "share of the simulations in a subset", allowed=Range(above=0, most=1))
    n_resamples: int = option(1000, "bootstrap samples of the simulations; 0: no intervals", least=0)
    confidence: float = option(0.95, "of the intervals", allowed=_INSIDE)
    seed: int = option(0, "seed of subsets and bootstrap samples", least=0, most=SEED_LIMIT - 1)

    def __post_init__(self) -> None:
        check_options(self)
        if self.headline is not None and self.headline not in self.spike_ranges:
            raise InputError(
                f"{{headline}} must be one of the ranges {', '.join(self.spike_ranges)}, got {shown(self.headline)}",
                "headline",
            )

    def summary(self) -> dict[str, Any]:
        """Every setting that is not the default."""
        return not_default(self)

    @property
    def headline_range(self) -> tuple[int, int]:
        """Fewest and most spikes of the range of most interest."""
        return spike_range(self.headline or (HEADLINE if HEADLINE in self.spike_ranges else self.spike_ranges[0]))

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """Fewest and most spikes of each range."""
        return tuple(map(spike_range, self.spike_ranges))

    def key(self, spikes: tuple[int, int]) -> str:
        """What the results of a range are published as."""
        return f"starting_at_{self.discard_ms}ms_spikes_in_[{spikes[0]},{spikes[1]}]_range"

    @property
    def headline_key(self) -> str:
        """The key of `headline_range`."""
        return self.key(self.headline_range)
