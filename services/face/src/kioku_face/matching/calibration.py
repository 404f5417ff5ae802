"""Promise: a threshold keeps the false-match rate it was asked for, on the pairs it was made from.

The threshold is the least score that at most the asked share of pairs of different people reach.
The confidence is a logistic curve of the score (Platt, "Probabilistic outputs for support vector
machines", 1999) fitted by Newton's method with the smoothed targets of Lin, Lin and Weng, "A note
on Platt's probabilistic outputs for support vector machines", Machine Learning 68, 2007. Both kinds
of pairs weigh the same, whatever their number: the confidence is the probability that two faces are
one person's if, before looking, that was as likely as not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

Scores = npt.NDArray[np.float64]
_STEPS = 100
_SMALL = 1e-10
_RIDGE = 1e-14  # keeps the curvature invertible where a curve is as steep as it can be told


@dataclass(frozen=True)
class Calibration:
    """How the scores of a space are judged.

    Args:
        threshold: least score of two faces that count as one person's.
        slope, intercept: of the logistic curve.
        asked_rate: the false-match rate that was asked for.
        false_match_rate: share of the pairs of different people that reach the threshold.
        true_match_rate: share of the pairs of one person that reach it.
        same_pairs, different_pairs: what it was made from.
    """

    space_id: str
    threshold: float
    slope: float
    intercept: float
    asked_rate: float
    false_match_rate: float
    true_match_rate: float
    same_pairs: int
    different_pairs: int

    def confidence(self, score: float) -> float:
        """Probability that it is one person, 0 to 1, rising with the score."""
        return _logistic(self.slope * score + self.intercept)


def calibrate(space_id: str, same: Scores, different: Scores, *, asked_rate: float) -> Calibration:
    """Judge scores by those of labelled pairs.

    Args:
        same: scores of pairs of one person, -1 to 1.
        different: scores of pairs of different people.
        asked_rate: the false-match rate to keep, above 0 and below 1.

    Raises:
        InvalidInput: FIELD_INVALID where the pairs cannot tell that rate, or do not tell people
            apart at all.
    """
    if not 0 < asked_rate < 1:
        raise InvalidInput(Reason.FIELD_INVALID, "The rate must lie between 0 and 1.", field="fmr")
    if not len(same) or len(different) * asked_rate < 1:
        raise _too_few(len(same), len(different), asked_rate)
    threshold = threshold_at(different, asked_rate)
    slope, intercept = fit_logistic(same, different)
    if slope <= 0:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "Pairs of one person score no higher than pairs of different people: the labels are"
            " wrong, or this pack cannot tell these people apart.",
            field="pairs",
        )
    return Calibration(
        space_id,
        threshold,
        slope,
        intercept,
        asked_rate,
        float(np.mean(different >= threshold)),
        float(np.mean(same >= threshold)),
        len(same),
        len(different),
    )


def threshold_at(different: Scores, asked_rate: float) -> float:
    """The least threshold that at most `asked_rate` of these scores reach; at most 1."""
    allowed = math.floor(len(different) * asked_rate)
    falling = np.sort(different)[::-1]
    if allowed >= len(falling):
        return float(falling[-1])
    # Above the first score that is one too many; of equal ones all are too many.
    last = float(falling[allowed])
    above = float(np.nextafter(last, np.inf))
    # Where the processor takes the smallest numbers for zero, what follows zero is no more than it.
    return min(1.0, above if above > last else float(np.finfo(np.float64).tiny))


def fit_logistic(same: Scores, different: Scores) -> tuple[float, float]:
    """Slope and intercept of P(same | score), both kinds weighing one half in all."""
    scores = np.concatenate([same, different])
    targets = np.concatenate(
        [
            np.full(len(same), (len(same) + 1) / (len(same) + 2)),
            np.full(len(different), 1 / (len(different) + 2)),
        ]
    )
    weights = np.concatenate(
        [np.full(len(same), 0.5 / len(same)), np.full(len(different), 0.5 / len(different))]
    )
    design = np.stack([scores, np.ones_like(scores)], axis=1)
    found = np.zeros(2)
    loss = _loss(design, targets, weights, found)
    for _ in range(_STEPS):
        step = _newton_step(design, targets, weights, found)
        while (new := _loss(design, targets, weights, found - step)) > loss:
            step /= 2
            if np.abs(step).max() < _SMALL:
                return float(found[0]), float(found[1])
        found, loss = found - step, new
        if np.abs(step).max() < _SMALL * max(1.0, np.abs(found).max()):
            break
    return float(found[0]), float(found[1])


def _newton_step(design: Scores, targets: Scores, weights: Scores, found: Scores) -> Scores:
    chance = 0.5 + 0.5 * np.tanh(0.5 * (design @ found))
    slopes = design.T @ (weights * (chance - targets))
    curvature = (design * (weights * chance * (1 - chance))[:, None]).T @ design
    return np.asarray(np.linalg.solve(curvature + _RIDGE * np.eye(2), slopes), np.float64)


def _loss(design: Scores, targets: Scores, weights: Scores, found: Scores) -> float:
    # Cross-entropy, written so that no exponential overflows.
    z = design @ found
    return float(weights @ (np.logaddexp(0.0, z) - targets * z))


def _logistic(z: float) -> float:
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    return math.exp(z) / (1 + math.exp(z))


def _too_few(same: int, different: int, asked_rate: float) -> InvalidInput:
    needed = math.ceil(1 / asked_rate)
    return InvalidInput(
        Reason.FIELD_INVALID,
        f"There are {same} pairs of one person and {different} of different people; a false-match"
        f" rate of {asked_rate:g} needs at least 1 and {needed}.",
        field="pairs",
        metadata={"same": str(same), "different": str(different), "needed": str(needed)},
    )
