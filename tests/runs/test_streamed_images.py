"""A data set that is streamed by Grain: trained, interrupted within an epoch, and resumed as if it had not been."""

import os
import signal

import flax.linen as nn
import jax
import numpy as np
import pytest

from files import places  # noqa: F401
from spikejax import Config, Spiking, fit
from spikejax.data.formats.zipped_images import ZippedImages
from spikejax.data.tiny_imagenet import TinyImageNet
from spikejax.devices.processes import Interrupted
from spikejax.inputs import Repeat, grain_batches
from spikejax.neurons.lif import LIF
from spikejax.training import loop, progress
from tiny_imagenet_files import photographs  # noqa: F401

BATCH, STEPS = 6, 4  # of 24 images

pytest.importorskip("grain")


class Network(nn.Module):
    @nn.compact
    def __call__(self, x):  # [T, B, H, W, C] -> [T, B, 3]
        return nn.Dense(3)(Spiking(LIF())(nn.Dense(8)(x.reshape(*x.shape[:2], -1))))


def test_a_stream_of_images_resumes_where_it_stopped(photographs, tmp_path, monkeypatch):  # noqa: F811
    """Only a few images are in memory; the rest is decoded batch by batch."""
    monkeypatch.setenv("SPIKEJAX_DATA_DIR", str(photographs.folder))
    images = TinyImageNet().stream()
    decoded, image = [], ZippedImages.image

    def counted(self, member):
        decoded.append(member)
        return image(self, member)

    monkeypatch.setattr(ZippedImages, "image", counted)
    config = Config(
        data=TinyImageNet(train=BATCH, test=3),
        network=Network(),
        encoder=Repeat(steps=3),
        batch_size=BATCH,
        epochs=2,
    )

    def train(folder, **options):
        batches = grain_batches(TinyImageNet().stream(), BATCH, seed=2)
        assert batches.steps == STEPS
        return fit(config, folder, batches=batches, progress=False, **options)

    whole = train(None)
    assert len(set(decoded)) == len(images) + 3  # all training images, and three of test
    stop_after(STEPS + 2, monkeypatch)
    with pytest.raises(Interrupted):
        train(tmp_path / "parts")
    monkeypatch.setattr(loop, "Meter", progress.Meter)
    resumed = train(tmp_path / "parts", resume=True)
    assert resumed.record["complete"] and not photographs.cache.exists()
    jax.tree.map(np.testing.assert_array_equal, resumed.variables, whole.variables)

    def losses(trained):
        return [entry["loss"] for entry in trained.record["history"]]

    assert losses(resumed) == losses(whole) and len(losses(whole)) == 2


def stop_after(step, monkeypatch):
    """Sends a signal to this process when the step has been taken."""

    class Meter(progress.Meter):
        def add(self, done, measured):
            super().add(done, measured)
            if done == step:
                os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(loop, "Meter", Meter)
