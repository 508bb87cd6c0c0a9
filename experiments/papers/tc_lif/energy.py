"""The formulas of TC-LIF's Tables 2 and 4: energy of a layer of LSTM, LIF or TC-LIF units in one time step."""

from collections.abc import Sequence
from typing import NamedTuple

from spikejax.analysis import CMOS_45NM, Count


class Layer(NamedTuple):
    """A hidden layer.

    Attributes:
      inputs: m.
      units: n.
      recurrent: whether its outputs are fed back; without it the terms in nn are 0.
    """

    inputs: int
    units: int
    recurrent: bool


# Of 1-64-256-256-10, S-MNIST; the read-out is not counted.
PAPER_NETWORK = (Layer(1, 64, True), Layer(64, 256, True), Layer(256, 256, False))
PAPER_RATES = {"lif": (0.219, 0.145, 0.004), "tc_lif": (0.294, 0.146, 0.030)}
VARIABLES = {"lif": 1, "tc_lif": 2}


def lstm(layers: Sequence[Layer]) -> float:
    """4 (m n + n n) E_MAC + 17 n E_MAC, in nJ, summed over layers.

    >>> round(lstm(PAPER_NETWORK), 2)
    2834.78
    """
    macs = sum(4 * (m * n + (n * n if recurrent else 0)) + 17 * n for m, n, recurrent in layers)
    return _nanojoules(Count(macs=float(macs)))


def spiking(
    layers: Sequence[Layer], rates: Sequence[float], variables: int, first_rate: float = 0.0
) -> float:
    """m n Fr_in E_AC + (n n + k n) Fr_out E_AC + k n E_MAC, in nJ, summed over layers.

    Args:
      layers: from the first to the last.
      rates: Fr_out of each layer, spikes per neuron and time step.
      variables: k, those that a step multiplies and a spike resets: 1 for LIF, 2 for TC-LIF.
      first_rate: Fr_in of the first layer, whose inputs are pixels; the paper does not say what it is.

    >>> round(spiking(PAPER_NETWORK, PAPER_RATES["lif"], 1), 2)
    23.84
    """
    total = Count()
    fed = (first_rate, *rates[:-1])
    for (m, n, recurrent), rate_in, rate in zip(layers, fed, rates, strict=True):
        back = n * n if recurrent else 0
        acs = m * n * rate_in + (back + variables * n) * rate
        total = Count(0.0, total.macs + variables * n, total.acs + acs)
    return _nanojoules(total)


def _nanojoules(count):
    return CMOS_45NM.picojoules(count) / 1e3
