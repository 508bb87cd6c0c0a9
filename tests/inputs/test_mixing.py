"""Mixtures: images and labels of the same shares, on one device and on several."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from spikejax.data import Split
from spikejax.inputs import CutMix, Mixup, MixupOrCutMix

DRAW = np.random.default_rng(0)
LABELS = np.arange(8) % 5
IMAGES = Split(DRAW.integers(0, 256, (8, 6, 6, 3), np.uint8), LABELS)


def shares(change, batch=IMAGES, seeds=range(60)):
    """For each key the images, and the share of a sample's own by its label."""
    run = jax.jit(change)
    for seed in seeds:
        found = run(batch, jax.random.key(seed))
        labels = np.asarray(found.labels)
        np.testing.assert_allclose(labels.sum(-1), 1, rtol=1e-6)
        own = labels[np.arange(8), LABELS]
        np.testing.assert_allclose(own, own[0], rtol=1e-6)  # one share per batch
        np.testing.assert_allclose(labels[np.arange(8), np.roll(LABELS, 1)], 1 - own, atol=1e-6)
        yield np.asarray(found.inputs), own[0]


def is_mixup(images, own):
    expected = own * IMAGES.inputs + (1 - own) * np.roll(IMAGES.inputs, 1, 0)
    return np.allclose(images, expected, atol=1e-3)


def is_cutmix(images, own):
    there = images == np.roll(IMAGES.inputs, 1, 0)
    same = images == IMAGES.inputs
    other = (there & ~same).any((0, -1))
    return bool((there | same).all()) and abs(1 - own - other.mean()) < 1e-6


def test_mixup_mixes_images_as_labels():
    found = list(shares(Mixup(alpha=0.2, classes=5)))
    assert all(is_mixup(*pair) for pair in found)
    own = np.array([share for _, share in found])
    # Beta(0.2, 0.2): mean 1/2, standard deviation √(1/4 / 1.4) = 0.42, most of it at the ends.
    assert abs(own.mean() - 0.5) < 0.17 and 0.36 < own.std() < 0.48
    assert ((own < 0.1) | (own > 0.9)).mean() > 0.5


def test_cutmix_mixes_labels_by_area():
    assert all(is_cutmix(*pair) for pair in shares(CutMix(classes=5)))


def test_one_of_both():
    found = list(shares(MixupOrCutMix(classes=5)))
    first = [is_mixup(*pair) for pair in found]
    second = [is_cutmix(*pair) for pair in found]
    assert all(a or b for a, b in zip(first, second, strict=True))
    assert 15 < sum(a and not b for a, b in zip(first, second, strict=True)) < 45
    assert 10 < sum(b and not a for a, b in zip(first, second, strict=True)) < 45


@pytest.mark.parametrize("mixing", [Mixup, CutMix, MixupOrCutMix])
def test_devices_that_share_a_batch_mix_the_whole_of_it(mixing):
    change, key = jax.jit(mixing(classes=5)), jax.random.key(3)
    split = NamedSharding(Mesh(jax.devices(), "devices"), PartitionSpec("devices"))
    alone = change(IMAGES, key)
    shared = change(jax.device_put(IMAGES, split), key)
    assert len(shared.inputs.sharding.device_set) == jax.device_count() > 1
    np.testing.assert_allclose(shared.inputs, alone.inputs, rtol=1e-6)
    np.testing.assert_allclose(shared.labels, alone.labels, rtol=1e-6)


def test_labels_that_are_mixed_already():
    hot = np.eye(5, dtype=np.float32)[LABELS]
    change, key = Mixup(), jax.random.key(0)
    found = change(IMAGES._replace(labels=hot), key)
    np.testing.assert_array_equal(found.labels, Mixup(classes=5)(IMAGES, key).labels)


def test_ignored_labels_are_no_class():
    labels = LABELS.copy()
    labels[3] = -1
    found = Mixup(classes=5)(IMAGES._replace(labels=labels), jax.random.key(0))
    whole = Mixup(classes=5)(IMAGES, jax.random.key(0))
    own = whole.labels[3, 3]
    np.testing.assert_allclose(found.labels.sum(-1)[3:5], [1 - own, own], rtol=1e-6)


def test_labels_that_cannot_be_mixed():
    with pytest.raises(ValueError, match="expects the number of classes; give classes="):
        Mixup()(IMAGES, jax.random.key(0))
    with pytest.raises(ValueError, match=r"integers \[B\] or probabilities .* found float32 \[8\]"):
        CutMix(classes=5)(IMAGES._replace(labels=jnp.ones(8)), jax.random.key(0))
