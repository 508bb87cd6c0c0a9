"""What a job trains, from its settings: the plan, the network, the optimiser, the first state."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from spikejax import data
from spikejax.catalogue import describe as catalogue
from spikejax.devices import mesh
from spikejax.devices.plan import CPU_ROWS, Plan, choose
from spikejax.inputs import encode
from spikejax.networks import MLP
from spikejax.objectives.model import Classifier, bind
from spikejax.recipes.tasks import Settings
from spikejax.training import train


@dataclasses.dataclass(frozen=True)
class Job:
    """What to train: a task, its settings, and neurons by name with the numbers each of them learns."""

    task: str
    settings: Settings
    neurons: dict[str, Any]
    learn: dict[str, tuple[str, ...]]

    def config(self) -> dict[str, Any]:
        """The job as JSON values; `from_config` is its inverse."""
        settings = {
            key: list(x) if isinstance(x, tuple) else x for key, x in vars(self.settings).items()
        }
        neurons = {name: catalogue.to_config(neuron) for name, neuron in self.neurons.items()}
        learn = {name: list(names) for name, names in self.learn.items()}
        return {"task": self.task, "settings": settings, "neurons": neurons, "learn": learn}


def from_config(config: dict[str, Any]) -> Job:
    """The job of a record's config."""
    settings: dict[str, Any] = {
        key: tuple(x) if isinstance(x, list) else x for key, x in config["settings"].items()
    }
    neurons = {
        name: catalogue.from_config(name, values) for name, values in config["neurons"].items()
    }
    learn = {name: tuple(names) for name, names in config["learn"].items()}
    return Job(config["task"], Settings(**settings), neurons, learn)


def plan(job: Job, name: str, dataset: Any, *, devices: int | None = None, models: int = 1) -> Plan:
    """How the job trains one of its neurons on this machine.

    Args:
      job: the job.
      name: of the neuron.
      dataset: has steps and classes.
      devices: how many share a batch at most; None is all, of all processes.
      models: that a device trains side by side.

    Raises:
      ValueError: several processes, and a batch that their devices cannot share.
    """
    settings = job.settings
    # Nothing is chosen where the user has, and a neuron without a step takes whole sequences.
    whole = settings.chunk is None or not hasattr(job.neurons[name], "step")
    chosen = choose(
        dataset.steps,
        settings.batch_size,
        (*settings.hidden, dataset.classes),
        backend=jax.default_backend(),
        devices=devices or jax.device_count(),
        models=models,
        chunk=dataset.steps if whole else None if settings.chunk == "auto" else settings.chunk,
    )
    if devices is None and jax.process_count() > 1 and chosen.devices < jax.device_count():
        raise ValueError(
            f"expected a batch of a multiple of the {jax.device_count()} devices of {jax.process_count()} processes, "
            f"on CPUs at least {CPU_ROWS} samples each, found {settings.batch_size}; give another --batch-size"
        )
    return chosen


def network(job: Job, name: str, classes: int, *, neuron: Any = None, gain: Any = None) -> MLP:
    """The job's network with one of its neurons; with another one's numbers or gain, which may be traced."""
    settings = job.settings
    return MLP(
        settings.hidden,
        classes,
        job.neurons[name] if neuron is None else neuron,
        job.learn[name],
        settings.recurrent,
        jnp.bfloat16 if settings.bfloat16 else None,
        settings.gain if gain is None else gain,
    )


def build(job: Job, name: str, dataset: data.Dataset) -> tuple[Classifier, dict[str, Any]]:
    """The network of one of the job's neurons, bound, and how its batches are split: micro_batches and mesh."""
    chosen = plan(job, name, dataset)
    devices = mesh.over(jax.devices()[: chosen.devices])
    time = {"chunk": chosen.chunk, "segment": chosen.segment, "truncate": job.settings.truncate}
    model = bind(network(job, name, dataset.classes), dataset.scale, **time, mesh=devices)
    return model, {"micro_batches": chosen.micro_batches, "mesh": devices}


def optimizer(
    settings: Settings, samples: int, *, learning_rate: Any = None, weight_decay: Any = None
) -> Any:
    """The optimiser of so many training samples; with another rate or decay, which may be traced."""
    steps = samples // settings.batch_size
    drops = None if settings.drops is None else tuple(epoch * steps for epoch in settings.drops)
    return train.adam(
        settings.learning_rate if learning_rate is None else learning_rate,
        settings.epochs * steps,
        drops,
        settings.weight_decay if weight_decay is None else weight_decay,
    )


def initial_state(
    model: MLP, optimizer: Any, dataset: data.Dataset, seed: int | Array
) -> train.TrainState:
    """The state before the first step."""
    # No steps at all: the numbers do not depend on them, and some neurons take whole sequences only.
    example = encode.sequence(jnp.asarray(dataset.train.inputs[:1]), dataset.scale)[:0]
    variables = jax.jit(model.init)(jax.random.key(seed), example)
    return train.init(variables, optimizer, seed)
