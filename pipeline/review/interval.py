"""The interval in which a share lies that was measured on a random sample, without any approximation.

Two-sided, 95 %: Clopper and Pearson's (Biometrika 26, 1934), which hold for a population of any size, and where a good
part of the population was looked at the same by the hypergeometric distribution, which are narrower.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, exp, floor, lgamma, log, log1p

__all__ = ["interval"]

_TAIL = 0.025
_LARGE_PART = 0.05
"""From this part of the population on it matters that it is finite."""
_STEPS = 60
"""Halvings that take an interval of 1 below what a double can hold."""


def interval(wrong: float, checked: float, population: int) -> tuple[float, float]:
    """Bounds of the share of wrong ones in a population of which so many were checked and so many of them are wrong.

    Exact for whole numbers. Others come from samples whose parts weigh differently (an effective size): between two
    whole numbers of wrong ones the bounds are interpolated.
    """
    if checked <= 0 or population <= 0:
        return 0.0, 1.0
    bounds = _of_finite(population, checked) if checked > _LARGE_PART * population else _of_any(checked)
    below, above = floor(wrong), ceil(wrong)
    (low, high), (low_above, high_above) = bounds(below), bounds(above)
    part = wrong - below
    return low + part * (low_above - low), high + part * (high_above - high)


_Bounds = Callable[[int], tuple[float, float]]


def _of_any(checked: float) -> _Bounds:
    """Bounds by the binomial distribution."""

    def most(share: float, wrong: int) -> float:
        """The probability of at most so many wrong ones."""
        if share <= 0 or share >= 1:
            return float(share <= 0)
        logs = log(share), log1p(-share)
        return sum(exp(_ways(checked, k) + k * logs[0] + (checked - k) * logs[1]) for k in range(wrong + 1))

    def share_at(wrong: int, probability: float) -> float:
        """The share at which at most so many wrong ones have this probability, which falls as the share grows."""
        low, high = 0.0, 1.0
        for _ in range(_STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if most(middle, wrong) > probability else (low, middle)
        return high

    def bounds(wrong: int) -> tuple[float, float]:
        return (
            share_at(wrong - 1, 1 - _TAIL) if wrong > 0 else 0.0,
            share_at(wrong, _TAIL) if wrong < checked else 1.0,
        )

    return bounds


def _of_finite(population: int, checked: float) -> _Bounds:
    """Bounds by the hypergeometric distribution: the least and the most wrong ones in the population for which what
    was found is not too improbable."""

    def most(bad: int, wrong: int) -> float:
        """The probability of at most so many wrong ones where there are so many bad ones in all."""
        good = population - bad
        possible = (k for k in range(min(wrong, bad) + 1) if checked - k <= good)
        every = _ways(population, checked)
        return sum(exp(_ways(bad, k) + _ways(good, checked - k) - every) for k in possible)

    def first(low: int, high: int, is_there: Callable[[int], bool]) -> int:
        """The least number from `low` on for which something holds that then holds for all above; `high` if none."""
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if is_there(middle) else (middle + 1, high)
        return low

    def bounds(wrong: int) -> tuple[float, float]:
        most_bad = population - ceil(max(checked - wrong, 0))
        least = first(wrong, most_bad, lambda bad: wrong == 0 or 1 - most(bad, wrong - 1) > _TAIL)
        too_many = first(least, most_bad + 1, lambda bad: most(bad, wrong) <= _TAIL)
        return least / population, (too_many - 1) / population

    return bounds


def _ways(of: float, some: float) -> float:
    """Logarithm of the number of ways to choose some of them."""
    return lgamma(of + 1) - lgamma(some + 1) - lgamma(of - some + 1)
