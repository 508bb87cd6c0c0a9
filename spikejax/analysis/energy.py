"""Energy of inference: multiply-accumulates with analog inputs, accumulates for spikes, and what each of them costs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from spikejax.analysis.operations import Operation
from spikejax.analysis.programs import POOLING


class Count(NamedTuple):
    """Operations per sample and time step.

    Attributes:
      flops: floating-point operations of the same network with numbers in place of spikes: two per multiply-accumulate,
        those that spikes turn into accumulates included, and one per addition of a pooling.
      macs: multiply-accumulates.
      acs: accumulates, additions of a weight for a spike.
    """

    flops: float = 0.0
    macs: float = 0.0
    acs: float = 0.0


class Technology(NamedTuple):
    """Energy of an operation in pJ; the defaults are those of 32-bit floats in a 45 nm process.

    Reference: M. Horowitz (2014), Computing's energy problem (and what we can do about it), ISSCC.
    """

    mac: float = 4.6
    ac: float = 0.9

    def picojoules(self, count: Count) -> float:
        """E = E_MAC MACs + E_AC ACs.

        >>> round(Technology().picojoules(Count(macs=1.0, acs=2.0)), 3)
        6.4
        """
        return self.mac * count.macs + self.ac * count.acs


CMOS_45NM = Technology()
Counting = Callable[[Operation], Count]


def correct(operation: Operation) -> Count:
    """A layer whose input is spikes adds its weights where there is a spike; any other multiplies.

        ACs = MACs of the layer × rate of its input     spikes
        MACs = MACs of the layer                        analog values, the average of spikes included

    Average pooling adds its inputs, those that are spikes at their rate; its division is part of the next weights.

    Raises:
      ValueError: an input of spikes whose rate is not known.

    >>> correct(Operation("linear", "product", 100.0, 10.0, True, rate=0.2))
    Count(flops=200.0, macs=0.0, acs=20.0)
    >>> correct(Operation("linear", "product", 100.0, 10.0, False))
    Count(flops=200.0, macs=100.0, acs=0.0)
    """
    if operation.kind == POOLING:
        rate = rate_of(operation) if operation.spikes else 1.0
        return Count(operation.inputs, 0.0, operation.inputs * rate)
    flops = 2 * operation.macs
    if operation.spikes:
        return Count(flops, 0.0, operation.macs * rate_of(operation))
    return Count(flops, operation.macs, 0.0)


def rate_of(operation: Operation) -> float:
    """The rate of the input of an operation.

    Raises:
      ValueError: it is not known.
    """
    if operation.rate is None:
        raise ValueError(
            f"expected the rate of the input of {operation.layer}, found none; run samples, measured_operations(…), or "
            "give the rates, with_rates(…)"
        )
    return operation.rate


def neuron_updates(neurons: int, rate: float, *, macs: float, acs: float) -> Count:
    """The neurons' own operations: `macs` per neuron, `acs` per spike.

    LIF has one multiplication, by its decay, and one subtraction for a spike, that of the threshold (macs=1, acs=1);
    TC-LIF two of each (macs=2, acs=2). With a number in place of a spike such a subtraction is a multiply-accumulate.

    Args:
      neurons: of the layer.
      rate: firing rate, spikes per neuron and time step.
      macs: per neuron and time step.
      acs: per spike.

    Reference: TC-LIF (AAAI 2024), Tables 2 and 4.

    >>> neuron_updates(256, 0.5, macs=2, acs=2)
    Count(flops=2048.0, macs=512.0, acs=256.0)
    """
    return Count(2.0 * neurons * (macs + acs), float(neurons * macs), neurons * rate * acs)


@dataclass(frozen=True)
class Energy:
    """The operations of a network per sample and time step, by layer, and their energy.

    Attributes:
      layers: by name, counts of the layers with weights and of pooling, and of whatever else was given.
      technology: what an operation costs.
    """

    layers: Mapping[str, Count]
    technology: Technology = CMOS_45NM

    @property
    def total(self) -> Count:
        """The sums over layers."""
        return Count(*(sum(values) for values in zip(*self.layers.values(), strict=True)))

    def picojoules(self, steps: int = 1) -> float:
        """Energy in pJ per sample, of one time step or of several."""
        return steps * self.technology.picojoules(self.total)

    def by_layer(self) -> dict[str, float]:
        """Energy in pJ per sample and time step, by layer."""
        return {name: self.technology.picojoules(count) for name, count in self.layers.items()}


def energy_of(
    operations: Sequence[Operation],
    *,
    counting: Counting = correct,
    technology: Technology = CMOS_45NM,
    updates: Mapping[str, Count] | None = None,
) -> Energy:
    """The energy of a network.

    Args:
      operations: with the rates of inputs that are spikes, as `measured_operations` returns them.
      counting: how an operation is counted.
      technology: what an operation costs.
      updates: by name, other counts, such as those of `neuron_updates`; none, as is usual for convolutional networks.

    Raises:
      ValueError: no operation, a rate that is missing, or an update with the name of a layer.

    >>> first = Operation("in", "product", 100.0, 10.0, False)
    >>> second = Operation("out", "product", 50.0, 5.0, True, rate=0.2)
    >>> found = energy_of([first, second])
    >>> found.total, round(found.picojoules(steps=4), 3)
    (Count(flops=300.0, macs=100.0, acs=10.0), 1876.0)
    """
    layers, updates = {op.layer: counting(op) for op in operations}, updates or {}
    if not {**layers, **updates} or len(layers) < len(operations) or set(layers) & set(updates):
        raise ValueError(
            f"expected operations and updates of different names, found {[op.layer for op in operations]} and "
            f"{list(updates)}"
        )
    return Energy({**layers, **updates}, technology)
