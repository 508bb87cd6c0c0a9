"""Chunks, segments and inputs that the executor refuses, and what it says of them."""

import numpy as np
import pytest

from chunked_networks import INPUT, T, bare, execution, make_variables
from spikejax import Time
from spikejax.dynamics.network import run


@pytest.mark.parametrize("chunk", [0, -1, T + 1])
def test_unfit_chunks(chunk):
    with pytest.raises(ValueError, match=f"expected a chunk from 1 to T=13 steps, found {chunk}"):
        run(bare, {}, INPUT, None, Time(chunk=chunk))


@pytest.mark.parametrize(
    "inputs, shapes",
    [
        (INPUT[:0], r"\[\(0, 2, 3\)\]"),
        (np.float32(1), r"\[\(\)\]"),
        ({"a": INPUT, "b": INPUT[:4]}, r"\[\(13, 2, 3\), \(4, 2, 3\)\]"),
        ({}, r"\[\]"),
    ],
)
def test_unfit_inputs(inputs, shapes):
    with pytest.raises(ValueError, match=f"one T of at least 1, found shapes {shapes}"):
        run(bare, {}, inputs, None)


@pytest.mark.parametrize("segment, checkpoint", [(5, True), (0, True), (4, False)])
def test_unfit_segments(segment, checkpoint):
    with pytest.raises(ValueError, match="expected a segment of whole chunks of 2 steps, recomp"):
        execution(chunk=2, segment=segment, checkpoint=checkpoint)(make_variables(), INPUT)
