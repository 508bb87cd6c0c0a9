"""One case of a peer that is written in PyTorch: run it, differentiate the loss, record both."""

from collections.abc import Callable, Mapping

import torch
from drive import Drive, Record, surrogate_grid, weights
from torch import Tensor

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

# From currents to the traces, "spikes" and the variables, each over all steps.
Run = Callable[[Tensor], Mapping[str, Tensor]]


def differentiate(run: Run, drive: Drive, parameters: Mapping[str, Tensor]):
    """The traces and the loss's gradients; a parameter that the loss does not reach has none."""
    currents = torch.tensor(drive.currents(), requires_grad=True)
    traces = run(currents)
    loss = sum(
        (torch.from_numpy(weights(name, tuple(trace.shape))) * trace).sum()
        for name, trace in traces.items()
    )
    leaves = {"currents": currents, **parameters}
    gradients = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True)
    return (
        {name: array(trace) for name, trace in traces.items()},
        {name: array(g) for name, g in zip(leaves, gradients, strict=True) if g is not None},
    )


def torch_case(
    record: Record, name: str, run: Run, drive: Drive, parameters: Mapping[str, Tensor], **entry
) -> None:
    """Records a case; `entry` is what `Record.case` wants besides."""
    traces, gradients = differentiate(run, drive, parameters)
    record.case(
        name,
        drive=drive,
        traces=traces,
        gradients=gradients,
        parameters={key: array(value) for key, value in parameters.items()},
        **entry,
    )


def derivative(spike: Callable[[Tensor], Tensor]):
    """A spike function's derivative on the grid."""
    x = torch.tensor(surrogate_grid(), requires_grad=True)
    spike(x).sum().backward()
    return array(x.grad)


def array(tensor: Tensor):
    return tensor.detach().numpy().copy()
