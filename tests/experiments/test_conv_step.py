"""VGG-SNN's step as all libraries compute it: our worker against a float64 model, and what the record is judged by."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from experiments.papers.ar_lif import conv_step
from experiments.peers import workload
from experiments.peers.process import Worker

TINY = replace(conv_step.QUICK, batch=4, sizes=(16, 16, 3, 4, 10))


def convolution(x, kernel):
    """3x3 with a border of zeros, `[..., H, W, C]`."""
    height, width = x.shape[-3:-1]
    padded = np.pad(x, [(0, 0)] * (x.ndim - 3) + [(1, 1), (1, 1), (0, 0)])
    shifted = [
        padded[..., i : i + height, j : j + width, :] @ kernel[i, j]
        for i in range(3)
        for j in range(3)
    ]
    return sum(shifted)


def neurons(currents):
    membrane, spikes = np.zeros(currents.shape[1:]), []
    for current in currents:
        membrane = workload.VGG_DECAY * membrane + current
        spikes.append((membrane >= workload.THRESHOLD).astype(float))
        membrane = membrane * (1 - spikes[-1])
    return np.stack(spikes)


def reference_loss(given):
    """The first loss, in float64."""
    kernels, readout = workload.vgg_weights(given)
    x, left = workload.inputs(given).astype(float), list(kernels)
    for widths in workload.VGG:
        if widths == workload.POOL:
            halves = x.reshape(*x.shape[:2], x.shape[2] // 2, 2, x.shape[3] // 2, 2, -1)
            x = halves.mean((3, 5))
            continue
        currents = convolution(x, left.pop(0))
        centred = currents - currents.mean((0, 1, 2, 3))
        x = neurons(centred / np.sqrt((centred**2).mean((0, 1, 2, 3)) + 1e-5))
    logits = (x.reshape(*x.shape[:2], -1) @ readout.kernel).mean(0)
    log = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return -log[np.arange(given.batch), workload.labels(given)].mean()


@pytest.mark.slow
def test_our_worker_does_the_work_that_is_described(tmp_path):
    with Worker(conv_step.COMPARED["spikejax"], TINY, tmp_path / "log.txt") as worker:
        first = worker.start()["value"]
        later = [worker.go()["value"] for _ in range(3)]
        told = worker.end()
    assert first == pytest.approx(reference_loss(TINY), rel=1e-4)
    assert later[-1] < first
    assert len(told["rates"]) == 8 and all(0.02 < rate < 0.5 for rate in told["rates"])


def test_the_workload_survives_json_and_is_drawn_alike():
    again = workload.Workload.read(json.loads(json.dumps(asdict(TINY))))
    assert again == TINY
    x = workload.inputs(TINY)
    assert x.shape == (4, 4, 16, 16, 3) and (x == x[0]).all()
    assert (workload.inputs(again) == x).all()


def test_products_are_counted():
    given = replace(TINY, sizes=(32, 32, 3, 64, 10))
    kernels, readout = workload.vgg_weights(given)
    assert [kernel.shape[2] for kernel in kernels] == [3, 64, 128, 256, 256, 512, 512, 512]
    assert readout.kernel.shape == (2 * 2 * 512, 10)
    first = 32 * 32 * 9 * 3 * 64
    others = 32 * 32 * 9 * 64 * 128 + 16 * 16 * 9 * (128 + 256) * 256
    others += 8 * 8 * 9 * (256 + 512) * 512 + 2 * 4 * 4 * 9 * 512 * 512 + readout.kernel.size
    assert workload.product_flops(given) == 2 * 4 * 4 * (2 * first + 3 * others)


def test_a_record_is_judged_by_the_fastest_and_by_equal_losses():
    slower, unequal = conv_step.EXPERIMENT.expected
    metrics = {
        name: {"seconds": 2.0 + i, "loss_first": 2.5} for i, name in enumerate(conv_step.COMPARED)
    }
    metrics["snntorch"]["loss_first"] = 2.6  # it normalises each step
    assert slower.found(metrics) == pytest.approx(2 / 3) and slower.holds(metrics)
    assert unequal.found(metrics) == 0
    metrics["spikingjelly"] = {"seconds": 1.9, "loss_first": 2.501}
    assert not slower.holds(metrics) and not unequal.holds(metrics)
    metrics["snntorch_layers"] = {"error": "it broke"}
    assert math.isnan(slower.found(metrics)) and math.isnan(unequal.found(metrics))
