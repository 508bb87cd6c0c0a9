"""The libraries that are measured, and how each of them is run."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Library:
    """One way of running one library.

    Args:
      label: in tables and plots.
      script: the worker.
      imports: what a program that trains with it imports.
      path: its fast path, described.
      environment: in which it runs, one of `environments.PINS`; None is this one.
      options: for the worker.
      compiles: whether it has a compiler with a cache.
    """

    label: str
    script: str
    imports: str
    path: str
    environment: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    compiles: bool = False


_OURS: dict[str, Any] = {
    "script": "spikejax_worker.py",
    "imports": "import jax, optax, spikejax, spikejax.training, spikejax.objectives",
    "compiles": True,
}
_JAXPIKE: dict[str, Any] = {
    "script": "jaxpike_worker.py",
    "imports": "import jax, equinox, optax, jaxpike",
    "environment": "jaxpike",
    "compiles": True,
}
_SPIKINGJELLY: dict[str, Any] = {
    "script": "spikingjelly_worker.py",
    "imports": "import torch; from spikingjelly.activation_based import functional, layer, neuron",
    "environment": "spikingjelly",
}
_SNNTORCH: dict[str, Any] = {
    "script": "snntorch_worker.py",
    "imports": "import torch, snntorch",
    "environment": "snntorch",
}
_NORSE: dict[str, Any] = {
    "script": "norse_worker.py",
    "imports": "import torch, norse.torch",
    "environment": "norse",
}

LIBRARIES = {
    "spikejax": Library(
        "spikejax",
        path="chunks and micro-batches chosen by its plan, one device per core",
        **_OURS,
    ),
    "spikejax_tc_lif": Library(
        "spikejax, TC-LIF",
        path="the same with the two-compartment neuron",
        options={"neuron": "tc_lif"},
        **_OURS,
    ),
    "spikejax_plain": Library(
        "spikejax, plain scan",
        path="one scan over all steps per layer, nothing recomputed, one device",
        options={"plain": True},
        **_OURS,
    ),
    "spikejax_loop": Library(
        "spikejax, one by one",
        path="one compiled training step, the networks one after the other",
        options={"loop": True},
        **_OURS,
    ),
    "spikejax_anew": Library(
        "spikejax, separate trainings",
        path="the networks one after the other, each compiled as a separate training",
        options={"anew": True},
        **_OURS,
    ),
    "spyx": Library(
        "spyx",
        "spyx_worker.py",
        "import jax, flax.nnx, optax, spyx",
        path="`spyx.nn.run` (a scan over the whole network) in the step of `spyx.optimize`",
        environment="spyx",
        compiles=True,
    ),
    "jaxpike": Library(
        "jaxpike",
        path="`unroll` with its default (8 time steps per iteration) in the step of `make_step`",
        **_JAXPIKE,
    ),
    "jaxpike_u1": Library(
        "jaxpike, unroll 1",
        path="`unroll` with `scan_unroll=1`, which is faster on a CPU",
        options={"scan_unroll": 1},
        **_JAXPIKE,
    ),
    "sparxml": Library(
        "sparxml",
        "sparxml_worker.py",
        "import jax, flax.linen, optax, sparx",
        path="its Flax layers, a product over all steps and a scan per layer of neurons, in a jitted step of Optax",
        environment="sparxml",
        compiles=True,
    ),
    "spikingjelly": Library(
        "SpikingJelly",
        path="multi-step mode: linear layers over all steps, neurons in a loop of PyTorch",
        **_SPIKINGJELLY,
    ),
    "spikingjelly_compiled": Library(
        "SpikingJelly, one step by torch.compile",
        path="single-step mode in a loop over time, one time step compiled by `torch.compile`",
        options={"compile": True},
        compiles=True,
        **_SPIKINGJELLY,
    ),
    "snntorch": Library(
        "snnTorch",
        path="a loop over time in Python, through the linear layers too",
        **_SNNTORCH,
    ),
    "snntorch_compiled": Library(
        "snnTorch, one step by torch.compile",
        path="the same loop, one time step compiled by `torch.compile`",
        options={"compile": True},
        compiles=True,
        **_SNNTORCH,
    ),
    "norse": Library(
        "Norse",
        path="`SequentialState` of cells, in a loop over time",
        **_NORSE,
    ),
    "norse_compiled": Library(
        "Norse, one step by torch.compile",
        path="the same loop, one time step compiled by `torch.compile`",
        options={"compile": True},
        compiles=True,
        **_NORSE,
    ),
}
FLOOR = Library("matrix products alone", "floor_worker.py", "import jax", path="")
PEERS = tuple(name for name in LIBRARIES if not name.startswith("spikejax"))
