"""What a data set is, how one is found, and what is said of arrays that do not fit."""

import dataclasses
import sys

import jax.numpy as jnp
import numpy as np
import pytest

from files import sha256
from spikejax import data
from spikejax.data import Dataset, Facts, Source, Split
from spikejax.data.core.dataset import fingerprint
from spikejax.fields import size, spec
from spikejax.registry import Registry

X, Y = np.zeros((6, 3, 2), np.float32), np.arange(6) % 3


# --- By name --------------------------------------------------------------------------------------


def test_every_source_says_what_it_is():
    assert {"digits", "fsd_shd", "mnist", "psmnist", "smnist"} <= set(data.SOURCES)
    for name, source in data.SOURCES.items():
        facts = source.facts
        assert facts.title and facts.licence and facts.reference and facts.samples > 0, name
        assert source().looked_in(None)


@spec
class Lines(Source):
    """A data set of this file: as many samples as one likes."""

    samples: int = size(default=4, doc="number of samples")
    facts = Facts("lines", "none", "none", 4, "[3, 2]", 3, "nothing")

    def load(self, data_dir=None, download=False):
        x = np.ones((self.samples, 3, 2), np.float32)
        y = np.arange(self.samples) % 3
        return Dataset.of_arrays((x, y), (x, y), name="lines", classes=3)

    def looked_in(self, data_dir=None):
        return [("here", True)]


def test_one_of_ones_own():
    """In any module, with settings of its own."""
    found = data.load(f"{__name__}:Lines", samples=7)
    assert found.train.count == 7 and found.name == "lines"
    with pytest.raises(ValueError, match="Lines.samples must be an integer of at least 1"):
        data.load(f"{__name__}:Lines", samples=0)


def test_a_new_file_is_a_new_data_set(tmp_path, monkeypatch):
    text = "from spikejax.data.digits import Digits\nfrom spikejax.fields import spec\n\n\n"
    text += "@spec\nclass BrandNew(Digits):\n    pass\n"
    (tmp_path / "brand_new.py").write_text(text)
    monkeypatch.setattr(data, "__path__", [*data.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "spikejax.data.brand_new", raising=False)
    found = Registry("data set", "spikejax.data", data.SOURCES.belongs)
    assert set(found) - set(data.SOURCES) == {"brand_new"}
    sys.modules.pop("spikejax.data.brand_new", None)


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ValueError, match="unknown data set 'smnits'; did you mean smnist"):
        data.load("smnits")
    with pytest.raises(
        ValueError, match="unknown data set '!'; expected one of cifar10, cifar100, "
    ):
        data.load("!")
    with pytest.raises(ValueError, match="expected a data set called .*:Split, found <class"):
        data.load("spikejax.data:Split")


# --- Arrays ---------------------------------------------------------------------------------------


def test_arrays_of_any_kind():
    whole = Dataset.of_arrays((X, Y), (X[:2], Y[:2]))
    assert (whole.train.count, whole.test.count, whole.classes) == (6, 2, 3)
    assert whole == dataclasses.replace(whole) and hash(whole) == hash(dataclasses.replace(whole))
    assert whole != Dataset.of_arrays((X + 1, Y), (X[:2], Y[:2]))
    several = {"left": X, "right": X.astype(np.uint8)}
    assert Dataset.of_arrays((several, Y), (several, Y)).train.count == 6
    targets = Dataset.of_arrays((X, X[:, 0]), (X, X[:, 0]))
    assert targets.classes is None
    per_step = Dataset.of_arrays((X, np.zeros((6, 3), int)), (X, np.zeros((6, 3), int)))
    assert per_step.classes is None
    nothing = Dataset.of_arrays((X,), (X,), validation=(X,))
    assert nothing.train.labels is None and nothing.validation.count == 6
    lengths = Dataset.of_arrays(Split(X, Y, np.full(6, 2)), (X, Y, np.full(6, 3)))
    assert lengths.train.lengths.tolist() == [2] * 6
    ignored = Dataset.of_arrays((X, Y - 1), (X, Y), classes=3)
    assert ignored.train.labels.min() == -1


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: (X, Y[:5]), r"one number N of samples .*\(6, 3, 2\).*\(5,\)"),
        (
            lambda: (np.where(X == 0, np.nan, X), Y),
            "finite inputs, found NaN or infinity, first in",
        ),
        (lambda: (X, Y.astype(float) / 0), "expected finite labels"),
        (lambda: (X, Y.astype(str)), r"labels as numbers, found <U\d+; number the .*np.unique"),
        (lambda: (X, Y + 1), r"labels .*0 .* 2.*found 1 to 3"),
        (
            lambda: (X, Y, np.full(6, 0)),
            "lengths as integers of at least 1, found int64 from 0",
        ),
        (lambda: (X, Y, np.full(6, 1.5)), "lengths as integers of at least 1, found float64"),
    ],
    ids=["count", "nan", "nan label", "words", "label", "zero length", "half length"],
)
@pytest.mark.filterwarnings("ignore:invalid value|divide by zero")
def test_arrays_that_do_not_fit(make, message):
    with pytest.raises(ValueError, match=message):
        Dataset.of_arrays(make(), (X, Y), classes=3)


def test_a_nan_names_its_sample():
    bad = X.copy()
    bad[4, 1, 0] = np.inf
    with pytest.raises(ValueError, match="first in sample 4"):
        Dataset.of_arrays((bad, Y), (X, Y))
    with pytest.raises(ValueError, match="first in sample 4"):
        Dataset.of_arrays((X, Y), (bad, Y))


def test_arrays_of_jax_are_checked_too():
    train = Split(jnp.asarray(X), jnp.asarray(Y))
    with pytest.raises(ValueError, match="labels in 0 to 1, .* found 0 to 2"):
        Dataset("own", train, train, classes=2)
    with pytest.raises(ValueError, match="lengths as integers of at least 1, found int32 from 0"):
        Dataset("own", train._replace(lengths=jnp.zeros(6, jnp.int32)), train, classes=3)
    assert Dataset("own", train, train, classes=3).train.count == 6


def test_there_are_test_samples():
    with pytest.raises(ValueError, match="expected test samples, found None; split some off"):
        Dataset.of_arrays((X, Y), None, validation=(X, Y))


def test_why_there_are_no_classes():
    def said(labels):
        return Dataset.of_arrays((X, labels), (X, labels)).without_classes()

    assert said(X[:, 0]).startswith("arrays has no classes; give the network its number of outputs")
    flat, per_step = said(Y[:, None]), said(np.zeros((6, 3), int))
    assert "labels of shape [6, 1] and no number of classes; if they are classes give it" in flat
    assert "drop their last axis, labels[:, 0]" in flat and "drop" not in per_step
    assert "labels of shape [6, 3] and no number of classes" in per_step
    nothing = Dataset.of_arrays((X,), (X,))
    assert "give the network its number of outputs" in nothing.without_classes()


def test_an_unknown_kind():
    with pytest.raises(ValueError, match=r"expected a kind of \('sequence', 'image', 'events'\)"):
        Dataset.of_arrays((X, Y), (X, Y), kind="images")


def test_a_fingerprint_is_of_dtype_shape_and_values():
    # sha256 of "int16[2]" and the little-endian bytes of 1 and 256
    expected = sha256(b"int16[2]" + bytes((1, 0, 0, 1)))
    assert fingerprint(np.array([1, 256], ">i2")) == expected
    assert fingerprint(np.array([1, 256], "<i2")) == expected
    assert fingerprint(np.array([[1, 256]], "<i2")) != expected
    assert fingerprint(np.array([1, 0, 256], "<i2")[::2]) == expected
