"""The rule for vectors: right length, finite, and of length one where asked."""

import numpy as np
import pytest
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_rt.vectors import checked_vector, unit_vector


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([1.0, 2.0], Reason.VECTOR_WRONG_DIMENSION),
        ([], Reason.VECTOR_WRONG_DIMENSION),
        ([[1.0, 2.0, 3.0]], Reason.VECTOR_WRONG_DIMENSION),
        ([1.0, float("nan"), 0.0], Reason.VECTOR_NOT_FINITE),
        ([1.0, float("-inf"), 0.0], Reason.VECTOR_NOT_FINITE),
        ([1.0, 1e39, 0.0], Reason.VECTOR_NOT_FINITE),
        ([0.0, 0.0, 0.0], Reason.VECTOR_ZERO_NORM),
        ([1e-40, 0.0, 0.0], Reason.VECTOR_ZERO_NORM),
    ],
)
def test_bad_vectors_are_refused(values: list[float], reason: Reason) -> None:
    """Each fault has its own reason."""
    with pytest.raises(InvalidInput) as caught:
        unit_vector(values, 3)
    assert caught.value.reason == reason


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e38])
def test_unit_vector_keeps_the_direction(scale: float) -> None:
    """Neither tiny nor huge components lose their direction to overflow."""
    unit = unit_vector(np.array([3.0, 0.0, 4.0]) * scale / 4, 3)
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, [0.6, 0.0, 0.8], atol=1e-6)


def test_checked_vector_keeps_the_length() -> None:
    """Spaces where length carries meaning get the values as they are."""
    np.testing.assert_array_equal(checked_vector([3, 0, 4], 3), np.float32([3, 0, 4]))
