"""Chunks, segments and inputs that the executor refuses, and what it says of them."""

import numpy as np
import pytest

from chunked_networks import INPUT, T, bare, execution, make_variables
from spikejax import Time
from spikejax.dynamics.network import run


@pytest.mark.parametrize("chunk", [0, -1, True, 2.0])
def test_chunks_that_no_sequence_has(chunk):
    with pytest.raises(ValueError, match=f"expected a chunk of at least 1 step, found {chunk}"):
        Time(chunk=chunk)


def test_a_chunk_longer_than_the_sequence():
    with pytest.raises(ValueError, match="expected a chunk from 1 to T=13 steps, found 14"):
        run(bare, {}, INPUT, None, Time(chunk=T + 1))


def test_an_unknown_kernel():
    with pytest.raises(
        ValueError, match="expected kernel to be one of 'auto', 'scan', 'parallel', 'pallas'"
    ):
        Time(kernel="triton")


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
