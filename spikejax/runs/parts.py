"""Everything that a run needs, built once from its config."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from spikejax.data import Dataset, Source, Split
from spikejax.devices import mesh as meshes
from spikejax.devices.plan import Plan
from spikejax.inputs import Events, InMemory
from spikejax.networks.core import pure
from spikejax.objectives.composed import measurement, objective
from spikejax.objectives.metrics import Rates
from spikejax.objectives.model import Model
from spikejax.objectives.reductions import check_classes
from spikejax.runs.config import Config, complete, source_of
from spikejax.runs.planning import example_of, plan_of, time_of
from spikejax.runs.selection import fitted, selected_by
from spikejax.runs.validation import held_out
from spikejax.training import state as states
from spikejax.training.state import Trainer, TrainState
from spikejax.training.step import evaluate, train_step


class Parts(NamedTuple):
    """What a run is made of.

    Attributes:
      config: with everything that was left open filled in.
      dataset: its data.
      train: training samples, without those held out.
      validation: samples that are held out for validation, or None.
      plan: how a training step is laid out.
      facts: what inspecting the network has found.
      model: the network with its encoder and how time is cut.
      trainer: what stays fixed during training.
      init: `(seed) -> TrainState`.
      measure: `(variables, samples) -> measured`, by name, as Python floats.
    """

    config: Config
    dataset: Dataset
    train: Split
    validation: Split | None
    plan: Plan
    facts: pure.Facts
    model: Model
    trainer: Trainer
    init: Callable[[Any], TrainState]
    measure: Callable[[Any, Split], dict[str, Any]]

    @property
    def selection(self) -> tuple[str, str]:
        """What models are selected by, on the validation samples if there are any: see `selected_by`."""
        return selected_by(self.config.metrics or (), next(iter(self.measured)))

    @property
    def measured(self) -> dict[str, Split]:
        """The samples that are measured after each epoch, by name."""
        splits = {"validation": self.validation, "test": self.dataset.test}
        return {name: split for name, split in splits.items() if split is not None}

    def batches(self) -> InMemory:
        """The batches of an epoch."""
        return InMemory(self.train, self.config.batch_size)


def load(config: Config, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
    """The data set of a config."""
    source = source_of(config)
    return source.load(data_dir, download) if isinstance(source, Source) else source


def build(
    config: Config,
    dataset: Dataset,
    *,
    steps: int | None = None,
    devices: int | None = None,
    models: Callable[[int | None], int] | None = None,
    memory: int | None = None,
) -> Parts:
    """Builds the parts of a run and checks that they fit, before a file is touched.

    Args:
      config: what to train.
      dataset: its data, see `load`.
      steps: per epoch, which schedules depend on; those of the training samples if None.
      devices: most devices that share a batch; None is all, of all processes.
      models: number of models that a device trains side by side, see `planning.plan_of`.
      memory: bytes that a device may use; None is what it reports.

    Raises:
      ValueError: parts that do not fit together.
    """
    config = complete(config, dataset)
    train, validation = held_out(dataset, config.validation)
    InMemory(train, config.batch_size)  # rejects a batch that is larger than the data
    total = config.epochs * (train.count // config.batch_size if steps is None else steps)
    if total >= 2**31:
        raise ValueError(
            f"expected fewer than 2147483648 steps, found {total:,}; train fewer epochs"
        )
    x = example_of(config, train)
    network = pure.Functions(config.network)
    variables = jax.eval_shape(network.init, jax.random.key(0), x)
    facts = pure.inspect_module(
        config.network,
        variables,
        jax.ShapeDtypeStruct((len(x), config.batch_size, *x.shape[2:]), x.dtype),
    )
    plan = plan_of(config, facts, train, devices=devices, models=models, memory=memory)
    mesh = meshes.over(jax.devices()[: plan.devices]) if devices is None else None
    model, trainer, init = assemble(config, train, plan, facts, mesh, steps)
    parts = Parts(
        *(config, dataset, train, validation, plan, facts, model, trainer, init),
        measure=measurer(config, model, mesh),
    )
    _check(parts, len(x))
    if config.stopping is not None:
        rule = fitted(config.stopping, config.metrics or (), tuple(parts.measured))
        parts = parts._replace(config=dataclasses.replace(config, stopping=rule))
    return parts


def assemble(
    config: Config,
    train: Split,
    plan: Plan,
    facts: pure.Facts,
    mesh: Mesh | None,
    steps: int | None = None,
) -> tuple[Model, Trainer, Callable[[Any], TrainState]]:
    """The model, the trainer and the first state of a complete config, whose leaves may be traced.

    Args:
      config: from `config.complete`.
      train: training samples.
      plan: how a training step is laid out.
      facts: of the network.
      mesh: devices that share a batch.
      steps: per epoch; those of the training samples if None.
    """
    network = pure.Functions(config.network)
    model = Model(network, config.encoder, time_of(config, plan))
    steps = train.count // config.batch_size if steps is None else steps
    trainer = Trainer(
        objective(model, config.loss, config.regularisers, config.metrics or ()),
        config.optimiser.transformation(steps, config.epochs),
        config.augment,
        {ramp.name: ramp.rule(steps, config.epochs) for ramp in config.scheduled},
        plan.micro_batches,
        mesh,
        bool(facts.changes),
        config.average,
        facts.bounds,
    )
    x = example_of(config, train)

    def init(seed):
        variables = jax.jit(network.init)(jax.random.key(seed), x)
        return states.init(trainer, variables, seed)

    return model, trainer, init


def measurer(config: Config, model: Model, mesh: Mesh | None) -> Callable[[Any, Split], Any]:
    """`(variables, samples) -> measured`: loss, metrics and firing rates, each sample counted once."""
    means = averages_of(config, model)

    @jax.jit
    def measured(variables, samples):
        return evaluate(means, variables, samples, config.batch_size, jax.random.key(0), mesh)

    def measure(variables, samples):
        operands = variables, jax.tree.map(jnp.asarray, samples)
        found = measured(*(operands if mesh is None else meshes.replicate(operands, mesh)))
        return jax.tree.map(float, jax.device_get(found))

    return measure


def averages_of(config: Config, model: Model) -> Callable[..., dict[str, Any]]:
    """What is measured outside training: loss, metrics and firing rates."""
    return measurement(model, config.loss, (*(config.metrics or ()), Rates()))


def _check(parts, steps):
    """Traces a training step and a measurement, so that parts that do not fit are rejected early."""
    config, trainer = parts.config, parts.trainer
    _check_ramps(config, parts.facts)
    single = trainer._replace(mesh=None, micro_batches=1)

    def trial(seed):
        state = parts.init(seed)
        batch = jax.tree.map(lambda x: jnp.zeros_like(x[: config.batch_size]), parts.train)
        after, _ = train_step(single, state, batch)
        return after, averages_of(config, parts.model)(after.measured, batch, jax.random.key(0))

    jax.eval_shape(trial, 0)
    outputs = parts.facts.outputs.shape[-1]
    check_classes((config.loss, *(config.metrics or ())), outputs, parts.dataset.classes)
    for split in (parts.train, *parts.measured.values()):
        if isinstance(config.encoder, Events):
            config.encoder.check_units(split.inputs)
        if split.lengths is not None and np.max(split.lengths) > steps:
            raise ValueError(
                f"expected lengths of at most the {steps} steps that the encoder makes, found {np.max(split.lengths)}"
            )


def _check_ramps(config, facts):
    for ramp in config.scheduled:
        least, most = sorted((ramp.start, ramp.end))
        for path, (low, high) in facts.bounds.items():
            if path.rpartition("/")[2] == ramp.name and not low <= least <= most <= high:
                raise ValueError(
                    f"{path} must lie in [{low:g}, {high:g}], found a ramp from {ramp.start:g} to {ramp.end:g}"
                )
