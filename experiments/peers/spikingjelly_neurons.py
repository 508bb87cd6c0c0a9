"""A layer of SpikingJelly's neurons, forward and backward, in this process: on the GPU if there is one, in float32.

The library chooses its implementation for a device by itself; which one is reported.
"""

from collections.abc import Callable
from typing import Any

import torch
from spikingjelly.activation_based import functional, neuron, surrogate

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
DECAY = 0.9


def layer(kind: str, shape: tuple[int, ...]) -> tuple[Callable[[], None], dict[str, Any]]:
    """A call that takes one step and waits for it, and which implementation the library chose.

    Args:
      kind: "LIFNode" or "ParametricLIFNode"; both with undecayed input, soft reset and the arctangent.
      shape: of the currents, `[T, B, *F]`.
    """
    tau = 1 / (1 - DECAY)
    name = {"LIFNode": "tau", "ParametricLIFNode": "init_tau"}[kind]
    node = getattr(neuron, kind)(
        **{name: tau},
        decay_input=False,
        v_reset=None,
        surrogate_function=surrogate.ATan(2.0),
        step_mode="m",
    ).to(DEVICE)
    currents = (0.1 + 0.4 * torch.randn(shape, device=DEVICE)).requires_grad_()
    weights = torch.randn(shape, device=DEVICE)

    def take():
        functional.reset_net(node)
        node.zero_grad()
        currents.grad = None
        node(currents).backward(weights)
        if DEVICE == "cuda":
            torch.cuda.synchronize()

    take()
    kinds = {"LIFNode": "lif", "ParametricLIFNode": "plif"}
    chosen = functional.neuron_implementation(kinds[kind], torch.device(DEVICE))
    facts = {"implementation": chosen["implementation"], "torch": torch.__version__}
    return take, facts
