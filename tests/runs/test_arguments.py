"""Arguments and batches that cannot be: refused before or where they are used, and in words."""

import math

import numpy as np
import pytest

import toy
from spikejax.data import Split
from spikejax.inputs import InMemory, Stream
from spikejax.runs import fit
from spikejax.runs.several import fit_several
from spikejax.runs.sweeping import sweep

CONFIG = toy.config(epochs=1)
X, Y = (array[:8] for array in toy.arrays())


def run(out, **options):
    return fit(CONFIG, out, progress=False, **options)


def swept(out, **options):
    return sweep(CONFIG, [{}], out, **options)


def several(out, **options):
    return fit_several({"lif": CONFIG}, out, progress=False, **options)


everything = pytest.mark.parametrize("call", [run, swept, several])


@everything
@pytest.mark.parametrize(
    "seconds, error, message",
    [
        ("5", TypeError, "expected seconds as a number, found '5'; give seconds=3600"),
        (True, TypeError, "expected seconds as a number, found True"),
        (math.nan, ValueError, "expected seconds of at least 0, found nan; give None for no limit"),
        (-1, ValueError, "expected seconds of at least 0, found -1"),
    ],
)
def test_seconds(seconds, error, message, call, tmp_path):
    with pytest.raises(error, match=message):
        call(tmp_path / "run", seconds=seconds)
    assert not (tmp_path / "run").exists()


@everything
@pytest.mark.parametrize("out", [3, b"run", ["run"]])
def test_a_folder(out, call):
    with pytest.raises(TypeError, match="expected out as the path of a run folder, found .*; give"):
        call(out)


def test_a_config():
    with pytest.raises(TypeError, match="expected a Config, found str"):
        sweep("digits", [{}], "never")
    with pytest.raises(TypeError, match="expected a Config, found str"):
        fit_several({"a": "digits"}, "never")


@pytest.mark.parametrize(
    "callbacks, message",
    [
        ([1], r"as functions \(history, variables\) -> stop, found 1 as number 0"),
        ((print, "print"), "found 'print' as number 1"),
        (None, r"expected callbacks as a tuple of functions, found NoneType; give \(\) for none"),
        ((call for call in (print,)), "found generator"),
    ],
)
def test_callbacks(callbacks, message):
    with pytest.raises(TypeError, match=message):
        run(None, callbacks=callbacks)


# --- Batches from elsewhere -----------------------------------------------------------------------


class Own:
    """Batches of one's own class."""

    steps = 1

    def __init__(self, *batches):
        self.batches = batches

    def epoch(self, key, epoch, first, mesh):
        yield from self.batches[first:]

    def position(self):
        return None

    def restore(self, position):
        pass


@pytest.mark.parametrize("source", [lambda batch: Stream([batch]), Own])
@pytest.mark.parametrize(
    "batch, error, message",
    [
        ((X, Y), TypeError, r"batch 0: expected a Split of .*, found tuple; give Split\(inputs, "),
        (X, TypeError, "batch 0: expected a Split of .*, found ndarray"),
        (Split(X, Y[:7]), ValueError, "batch 0: expected one number N of samples"),
        (Split(X[..., :1], Y), ValueError, r"expected inputs \[N, T, 2\], as toy .* \[N, T, 1\]"),
        (Split(X[..., 0], Y), ValueError, r"batch 0: expected inputs .*, found \[N, T\]"),
        (Split({"x": X}, Y), ValueError, "batch 0: expected inputs .*, found {'x': "),
        (Split(X, Y + 1), ValueError, "batch 0: expected labels in 0 to 2, .* found 1 to 3"),
        (Split(X, Y - 2), ValueError, "batch 0: expected labels in 0 to 2, .* found -2 to 0"),
    ],
)
def test_a_batch_that_is_not_like_the_samples(batch, error, message, source):
    with pytest.raises(error, match=message):
        run(None, batches=source(batch))


def test_batches_in_memory():
    with pytest.raises(TypeError, match="batches: expected a Split of .*, found tuple"):
        run(None, batches=InMemory((X, Y), 8))
    with pytest.raises(ValueError, match="batches: expected labels in 0 to 2, .* found 1 to 3"):
        run(None, batches=InMemory(Split(X, Y + 1), 8))


def test_a_batch_is_named_by_its_number_and_taken_once():
    taken = []

    def batches(epoch):
        for number in range(3):
            taken.append(number)
            yield Split(X, Y + 3 * (number == 2))

    with pytest.raises(ValueError, match="batch 2: expected labels"):
        run(None, batches=Stream(batches, steps=3))
    assert taken == [0, 1, 2]


def test_batches_that_are_like_the_samples():
    """Labels may be ignored, and an augmentation may give the samples their shape."""

    def first_two(batch, key):
        return batch._replace(inputs=batch.inputs[..., :2])

    wide = Split(np.concatenate([X, X], -1), Y - 1)
    config = toy.config(epochs=1, augment=(first_two,))
    for given in (Stream([wide]), Own(wide)):
        assert fit(config, batches=given, progress=False).record["complete"]
