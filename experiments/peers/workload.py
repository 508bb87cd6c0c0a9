"""What is computed: sizes, inputs and weights, drawn by NumPy and the same for every library.

The neuron is a leaky integrate-and-fire neuron with decay 0.9 (learned, one parameter per layer), threshold 1, soft
reset and the arctangent's derivative as surrogate. A network is linear layers, each followed by such neurons, then a
linear read-out; its loss is the cross-entropy of the logits summed over time; it is trained by Adam at 1e-3.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

DECAY, THRESHOLD, LEARNING_RATE = 0.9, 1.0, 1e-3


@dataclass(frozen=True)
class Workload:
    """One row of the benchmark.

    Args:
      name: of the row.
      kind: "neuron" (one layer, forward and backward), "training" (a step of a network), "convolution" (a step of
        convolution, batch normalisation and neurons), "streaming" (one time step of a network, its state carried) or
        "grid" (networks of different decays, trained).
      steps: T.
      batch: B.
      sizes: of a network: inputs, hidden layers, classes; of a neuron: F; of a convolution: height, width, channels
        in and out.
      recurrent: whether hidden layers feed their spikes back.
      density: share of ones in binary inputs; None for inputs between 0 and 1.
      gains: of the weights before each hidden layer, so that it fires at a few per cent.
      repeats: how many steps are timed one by one when one is asked for.
      decays: of a grid.
      updates: steps of training of each network of a grid.
    """

    name: str
    kind: str
    steps: int
    batch: int
    sizes: tuple[int, ...]
    recurrent: bool = False
    density: float | None = None
    gains: tuple[float, ...] = ()
    repeats: int = 1
    decays: tuple[float, ...] = ()
    updates: int = 0

    @classmethod
    def read(cls, fields: dict[str, Any]) -> "Workload":
        """From what JSON made of it."""
        given: dict[str, Any] = {
            name: tuple(x) if isinstance(x, list) else x for name, x in fields.items()
        }
        return cls(**given)

    @property
    def hidden(self) -> tuple[int, ...]:
        return self.sizes[1:-1]

    @property
    def classes(self) -> int:
        return self.sizes[-1]


class Layer(NamedTuple):
    """Weights of a linear layer, and of the feedback of the neurons behind it."""

    kernel: np.ndarray  # [inputs, outputs]
    bias: np.ndarray  # [outputs]
    feedback: np.ndarray | None  # [outputs, outputs], from spikes to currents


def layers(workload: Workload) -> list[Layer]:
    """The hidden layers' and the read-out's weights, from U(−1/√fan_in, 1/√fan_in) times the gain; biases are 0."""
    random = np.random.default_rng(1)

    def uniform(fan_in, outputs, gain):
        bound = gain / np.sqrt(fan_in)
        return random.uniform(-bound, bound, (fan_in, outputs)).astype(np.float32)

    made = []
    gains = (*workload.gains, 1.0)
    for i, (inputs, outputs) in enumerate(
        zip(workload.sizes[:-1], workload.sizes[1:], strict=True)
    ):
        kernel = uniform(inputs, outputs, gains[i])
        fed_back = workload.recurrent and i < len(workload.hidden)
        feedback = uniform(outputs, outputs, 1.0) if fed_back else None
        made.append(Layer(kernel, np.zeros(outputs, np.float32), feedback))
    return made


def labels(workload: Workload) -> np.ndarray:
    """`[B]`, int32; a single sample has one of the middle, whose inputs are neither weak nor strong."""
    return ((np.arange(workload.batch) + workload.classes // 2) % workload.classes).astype(np.int32)


def inputs(workload: Workload) -> np.ndarray:
    """Float32 `[T, B, F]`, of a convolution `[T, B, H, W, C]`; those of a network depend on the label."""
    random = np.random.default_rng(2)
    if workload.kind == "neuron":
        shape = (workload.steps, workload.batch, *workload.sizes)
        return np.float32(0.1) + np.float32(0.4) * random.standard_normal(shape, np.float32)
    if workload.kind == "convolution":
        height, width, channels, _ = workload.sizes
        shape = (workload.steps, workload.batch, height, width, channels)
        density = workload.density or 0.0
        return (random.random(shape, np.float32) < density).astype(np.float32)
    features, classes = workload.sizes[0], workload.classes
    drawn = random.random((workload.steps, workload.batch, features), np.float32)
    if workload.density is None:
        strength = (1 + labels(workload)[:, None]) / classes
        return drawn * strength.astype(np.float32)
    # A class has its own inputs, five times as active as the others.
    own = np.arange(features) % classes == labels(workload)[:, None]
    activity = np.where(own, 5.0, 1.0)
    return (drawn < workload.density * activity / activity.mean()).astype(np.float32)


def neuron_weights(workload: Workload) -> np.ndarray:
    """The loss of a neuron's row is Σ weights · spikes / (B F), weights `[B, F]` from N(0, 1)."""
    shape = (workload.batch, *workload.sizes)
    return np.random.default_rng(3).standard_normal(shape, np.float32) / np.float32(np.prod(shape))


def product_flops(workload: Workload) -> int | None:
    """Floating-point operations of the matrix products of a step alone; None where there are none to speak of.

    Forward, and backward twice as many: for the gradients of the weights and of the inputs. The first layer's
    inputs need none.
    """
    steps = workload.steps * workload.batch
    if workload.kind == "convolution":
        height, width, inward, outward = workload.sizes
        return 2 * 2 * steps * height * width * 9 * inward * outward
    if workload.kind != "training":
        return None
    per_step = 0
    for i, layer in enumerate(layers(workload)):
        per_step += layer.kernel.size * (2 if i == 0 else 3)
        per_step += 0 if layer.feedback is None else 3 * layer.feedback.size
    return 2 * steps * per_step
