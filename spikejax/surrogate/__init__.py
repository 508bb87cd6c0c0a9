"""Spikes with surrogate gradients.

Forward, a spike is the Heaviside step Θ(x) = 1 if x ≥ 0 else 0 of x = membrane − threshold. Backward, the
derivative of Θ, which is zero almost everywhere, is replaced by a surrogate's `derivative(x)`, usually bell-shaped.

A surrogate is a frozen dataclass registered as a pytree. Its parameters are leaves and reach the rule as operands, so a
width can be traced, vmapped and swept without a recompile, also inside `jax.lax.scan` under `jax.grad`; and learned:
its gradient is that of the curve's `antiderivative`. Define your own as a class under `@surrogate()` with a
`derivative`, and an `antiderivative` if its parameters are to be learned.

Reverse mode (`jax.grad`, `jax.vjp`, `jax.jacrev`) and Hessian-vector products (`jax.jvp` of `jax.grad`) work.
Forward mode straight through a spike (`jax.jvp`, `jax.jacfwd`) raises JAX's `TypeError` for `custom_vjp`: use
`jax.jacrev`.

The same name means different curves in different libraries. Here each curve states its formula, peak and area, and
`Scaled` multiplies any of them.
"""

from spikejax.registry import Registry
from spikejax.surrogate.adaptive import ClippedLine, Mixed, membrane_width
from spikejax.surrogate.bells import (
    ATan,
    Circle,
    DSpike,
    Erf,
    FastSigmoid,
    Gaussian,
    MultiGaussian,
    PiecewiseExponential,
    QPseudoSpike,
    Sigmoid,
    SoftSign,
    SuperSpike,
    Tanh,
)
from spikejax.surrogate.piecewise import (
    LeakyRectangle,
    LeakyStep,
    Rectangle,
    StraightThrough,
    Triangle,
)
from spikejax.surrogate.rule import Surrogate, heaviside, spike, surrogate
from spikejax.surrogate.scaled import Scaled
from spikejax.surrogate.tails import (
    S2NN,
    FourierSquare,
    InverseDistance,
    LogAbs,
    LogTail,
    SparseFastSigmoid,
    SpikeRateEscape,
)

SURROGATES = Registry(
    "surrogate",
    __name__,
    lambda value: (
        isinstance(value, type) and issubclass(value, Surrogate) and bool(value.spec_name)
    ),
)

__all__ = [
    "ATan",
    "Circle",
    "ClippedLine",
    "DSpike",
    "Erf",
    "FastSigmoid",
    "FourierSquare",
    "Gaussian",
    "InverseDistance",
    "LeakyRectangle",
    "LeakyStep",
    "LogAbs",
    "LogTail",
    "Mixed",
    "MultiGaussian",
    "PiecewiseExponential",
    "QPseudoSpike",
    "Rectangle",
    "S2NN",
    "SURROGATES",
    "Scaled",
    "Sigmoid",
    "SoftSign",
    "SparseFastSigmoid",
    "SpikeRateEscape",
    "StraightThrough",
    "SuperSpike",
    "Surrogate",
    "Tanh",
    "Triangle",
    "heaviside",
    "membrane_width",
    "spike",
    "surrogate",
]
