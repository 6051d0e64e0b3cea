"""Medians, spreads and intervals."""

import random
import statistics


def median(values):
    return statistics.median(values)


def percentile(values, share):
    """The smallest value that at least `share` of all are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def spread(values):
    """Lowest, median, highest."""
    return {"low": min(values), "median": median(values), "high": max(values)}


def bootstrap_interval(values, draws=4000, share=0.95, seed=1):
    """An interval for the median: medians of samples drawn with replacement."""
    source = random.Random(seed)
    medians = sorted(median(source.choices(values, k=len(values))) for _ in range(draws))
    edge = (1 - share) / 2
    return medians[int(edge * draws)], medians[int((1 - edge) * draws) - 1]
