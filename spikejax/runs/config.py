"""What a run is: one spec whose parameters are leaves and whose choices are structure, like a neuron."""

import dataclasses
from typing import Any

import jax

from spikejax import fields, paths, pytree
from spikejax.data import SOURCES, Dataset, Source
from spikejax.dynamics.choice import KERNELS
from spikejax.fields import Leaf, part, setting, size, spec
from spikejax.inputs import AUGMENTATIONS, ENCODERS, Encoder, Events, Repeat, Sequence
from spikejax.networks import NETWORKS
from spikejax.neurons.core.contract import Neuron
from spikejax.objectives import (
    LOSSES,
    METRICS,
    MSE,
    REGULARISERS,
    Accuracy,
    MeanAbsoluteError,
    SummedCrossEntropy,
)
from spikejax.objectives.reductions import takes_classes
from spikejax.runs import expected
from spikejax.runs.selection import EarlyStopping
from spikejax.training import OPTIMISERS, Adam, Optimiser, Ramp


@spec
class Config:
    """Everything that defines a run.

    `data` is a data set of `spikejax.data` (an instance of its class, or its name) or a `Dataset` of your own arrays,
    `network` any Flax module from inputs `[T, B, *F]` to outputs `[T, B, C]`. What is left open, `encoder=None`,
    `metrics=None`, the classes of `MLP(classes=None)` or of `Mixup()`, or a neuron's number of steps, is filled in from
    the data.

    >>> from spikejax import MLP
    >>> from spikejax.neurons.lif import LIF
    >>> config = Config(data="digits", network=MLP((64,), None, LIF()), epochs=2)
    >>> paths.replace(config, {"neuron.decay": 0.5, "learning_rate": 0.01}).network.neuron.decay
    0.5
    """

    data: Any = part(doc="data set, or its name", of="data set", static=True, check=expected.data)
    network: Any = part(
        doc="network, a Flax module", of="network", check=expected.network(NETWORKS)
    )
    encoder: Encoder | None = part(
        default=None,
        of="encoder",
        doc="from samples to inputs over time; chosen by the kind of data if None",
        check=expected.one("an encoder", ENCODERS),
    )
    augment: tuple[Any, ...] = part(
        default=(),
        of="augmentation",
        doc="random changes of batches",
        check=expected.several("an augmentation", AUGMENTATIONS),
    )
    loss: Any = part(
        default=SummedCrossEntropy(),
        of="loss",
        doc="what is minimised",
        check=expected.one("a loss", LOSSES, function=True),
    )
    regularisers: tuple[Any, ...] = part(
        default=(),
        of="regulariser",
        doc="terms that are added to the loss",
        check=expected.several("a regulariser", REGULARISERS),
    )
    metrics: tuple[Any, ...] | None = part(
        default=None,
        of="metric",
        doc="what else is measured; chosen by the kind of labels if None",
        check=expected.several("a metric", METRICS),
    )
    optimiser: Optimiser = part(
        default=Adam(),
        of="optimiser",
        doc="optimiser and its schedule",
        check=expected.one(
            "an optimiser",
            OPTIMISERS,
            hint="return a rule of Optax from the `transformation` of an Optimiser of your own",
        ),
    )
    scheduled: tuple[Any, ...] = part(
        default=(),
        of="ramp",
        doc="constants of the network that change during training",
        check=expected.specs_of(Ramp, tuples=True),
    )
    average: Leaf = fields.param(
        default=None, low=0, high=1, doc="decay per step of a moving average of the parameters"
    )
    stopping: EarlyStopping | None = part(
        default=None, of="stopping", doc="early stopping", check=expected.specs_of(EarlyStopping)
    )
    validation: float = setting(
        default=0.0, doc="fraction of the training samples held out for validation"
    )
    epochs: int = size(default=20, doc="passes over the training samples")
    batch_size: int = size(default=64, doc="samples per step")
    chunk: Any = setting(
        default="auto",
        doc="time steps run at once and recomputed in the backward pass; auto chooses, None is all of them",
    )
    truncate: bool = fields.option(
        default=False, choices=(False, True), doc="stop the gradient at the chunk boundaries"
    )
    kernel: str = fields.option(
        default="auto",
        choices=KERNELS,
        doc="how layers run time: auto (a scan on a CPU, fused kernels on an accelerator), scan, parallel (all steps "
        "at once where there is no reset) or pallas (kernels everywhere)",
    )
    seed: int = size(default=0, low=0, doc="seed of the initial weights and of all random numbers")

    def check(self) -> None:
        """Raises ValueError for settings that do not fit together."""
        if self.seed >= 2**31:
            raise ValueError(f"expected a seed from 0 to 2147483647, found {self.seed}")
        if not isinstance(self.validation, float | int) or not 0 <= self.validation < 1:
            raise ValueError(f"expected a validation fraction in [0, 1), found {self.validation!r}")
        whole = isinstance(self.chunk, int) and not isinstance(self.chunk, bool)
        if not (self.chunk in ("auto", None) or (whole and self.chunk >= 1)):
            raise ValueError(
                f"expected a chunk of at least 1 step, auto or None, found {self.chunk!r}"
            )
        if self.truncate and not whole:
            raise ValueError(
                "truncate cuts the gradient between chunks; give a chunk shorter than the sequence"
            )


def source_of(config: Config) -> Source | Dataset:
    """The data of a config as an object that loads it, or the data set that it holds."""
    data = config.data
    return SOURCES.find(data)() if isinstance(data, str) else data


def complete(config: Config, dataset: Dataset) -> Config:
    """The config with what it leaves open filled in from its data.

    Raises:
      ValueError: what cannot be filled in.
    """
    encoder: Any = config.encoder
    if encoder is None:
        encoder = {"sequence": Sequence, "image": Repeat, "events": Events}[dataset.kind]()
    changes: dict[str, Any] = {}
    if "scale" in fields.fields_of(encoder) and encoder.scale is None:
        changes["scale"] = dataset.scale
    if isinstance(encoder, Events) and encoder.shape is None:
        changes["shape"] = dataset.shape
    encoder = dataclasses.replace(encoder, **changes) if changes else encoder
    steps = encoder.steps_of(jax.tree.map(lambda x: x[:1], dataset.train.inputs))
    network = _fitted(config.network, dataset, steps)
    augment = tuple(_with_classes(change, dataset) for change in config.augment)
    metrics = config.metrics
    if metrics is None:
        at = config.loss.at if isinstance(config.loss, MSE) else "last"
        # Probabilities as labels are floats, as targets are; a loss of classes tells them apart.
        classes = dataset.classes is not None or takes_classes(config.loss)
        metrics = (Accuracy(),) if classes else (MeanAbsoluteError(at=at),)
    source = source_of(config)
    return dataclasses.replace(
        config, data=source, encoder=encoder, network=network, augment=augment, metrics=metrics
    )


def _fitted(network, dataset, steps):
    """A network with the classes and the number of steps of the data."""
    network = _with_classes(network, dataset)
    for path, place in paths.places(network).items():
        if place.role == "part" and isinstance(place.value, Neuron):
            network = paths.replace(network, {path: place.value.for_steps(steps)})
    return network


def _with_classes(part, dataset):
    """A part with the classes of the data where it has left them open."""
    changes = {}
    for path, place in (paths.places(part) if pytree.is_part(part) else {}).items():
        if place.name == "classes" and place.value is None and place.field is not None:
            if dataset.classes is None:
                raise ValueError(dataset.without_classes())
            changes[path] = dataset.classes
    return paths.replace(part, changes) if changes else part
