"""The batches of an epoch: shuffled from memory, or from any iterable.

A batch is a pytree whose leaves have leading axis B; training can request the batches of an epoch from any step on, so
that an interrupted epoch continues where it stopped.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh, NamedSharding, PartitionSpec

Batch = Any


@runtime_checkable
class Batches(Protocol):
    """Where training takes its batches from.

    Attributes:
      steps: batches per epoch.
    """

    steps: int

    def epoch(self, key: Array, epoch: int, first: int, mesh: Mesh | None) -> Iterator[Batch]:
        """The batches of an epoch from number `first` on, on the devices of a mesh."""
        ...

    def position(self) -> Any:
        """JSON values from which `restore` continues the iteration; None if nothing is needed."""
        ...

    def restore(self, position: Any) -> None:
        """Continues at a position."""
        ...


class InMemory:
    """Batches of a data set in memory, reshuffled each epoch; samples beyond the last full batch are left out.

    >>> source = InMemory({"x": np.arange(10)}, batch_size=4)
    >>> source.steps, [len(b["x"]) for b in source.epoch(jax.random.key(0), 0, 0, None)]
    (2, [4, 4])
    """

    def __init__(self, samples: Any, batch_size: int):
        """Takes the samples.

        Args:
          samples: a pytree of arrays `[N, ...]`.
          batch_size: B.

        Raises:
          ValueError: leaves of different N, or less than one batch.
        """
        self.count, self.batch_size = count_samples(samples), batch_size
        if not 1 <= batch_size <= self.count:
            raise ValueError(
                f"expected a batch size from 1 to the {self.count} samples, found {batch_size}"
            )
        self.samples, self.steps = samples, self.count // batch_size
        self._placed: dict[Any, Any] = {}

    def epoch(self, key: Array, epoch: int, first: int, mesh: Mesh | None) -> Iterator[Batch]:
        """The batches of an epoch from number `first` on; see `Batches`."""
        samples, order_of, take = self._programs(mesh)
        order = order_of(key, epoch)
        for number in range(first, self.steps):
            yield take(samples, order, number)

    def position(self) -> None:
        """Nothing: order and batch are determined by the key, the epoch and the step."""

    def restore(self, position: None) -> None:
        """Nothing to do."""

    def _programs(self, mesh):
        if mesh not in self._placed:
            whole = split = None
            if mesh is not None:
                whole = NamedSharding(mesh, PartitionSpec())
                split = NamedSharding(mesh, PartitionSpec(mesh.axis_names[0]))
            samples = jax.tree.map(lambda x: jax.device_put(np.asarray(x), whole), self.samples)
            order_of = jax.jit(
                lambda key, epoch: order(key, epoch, self.count, self.batch_size),
                out_shardings=whole,
            )
            self._placed[mesh] = samples, order_of, jax.jit(gather, out_shardings=split)
        return self._placed[mesh]


class Stream:
    """Batches of any iterable, a list or a Grain loader for example; each epoch iterates it from the start.

    A function from the epoch number to an iterable will do as well, for a different order in each epoch. An iterator
    with `get_state` and `set_state`, as Grain's have, is restored to its position when an interrupted training
    continues; for any other, as many batches are skipped as were taken.

    >>> source = Stream([np.ones(4), np.zeros(4)])
    >>> source.steps, [float(batch.sum()) for batch in source.epoch(jax.random.key(0), 0, 1, None)]
    (2, [0.0])
    """

    def __init__(
        self, iterable: Iterable[Batch] | Callable[[int], Iterable[Batch]], steps: int | None = None
    ):
        """Takes the iterable.

        Args:
          iterable: yields the batches of an epoch whenever it is iterated, or returns them for an epoch number.
          steps: batches per epoch; its length if None.

        Raises:
          ValueError: it has no length and none is given, or it can be iterated only once.
        """
        sized = steps is not None or hasattr(iterable, "__len__")
        if not sized:
            raise ValueError(
                f"expected the batches of an epoch, found {type(iterable).__name__} without a length; give steps="
            )
        if isinstance(iterable, Iterator):
            raise ValueError(
                f"expected batches that can be iterated once per epoch, found the iterator {type(iterable).__name__}; "
                "give a list, a loader, or an object whose __iter__ starts an epoch"
            )
        self.iterable = iterable
        self.steps = len(iterable) if steps is None else steps  # pyright: ignore[reportArgumentType]
        self._iterator, self._restored = None, None
        self._check: Callable[[int, Batch], None] | None = None

    def checked(self, check: Callable[[int, Batch], None]) -> "Stream":
        """The same batches, each first passed as it is to `check(number, batch)`, which may refuse it."""
        same = copy.copy(self)
        same._check = check
        return same

    def epoch(self, key: Array, epoch: int, first: int, mesh: Mesh | None) -> Iterator[Batch]:
        """The batches of an epoch from number `first` on; see `Batches`."""
        del key
        batches = self.iterable(epoch) if callable(self.iterable) else self.iterable
        self._iterator = iter(batches)
        if self._restored is not None and _remembers(self._iterator):
            self._iterator.set_state(_thawed(self._restored))  # pyright: ignore
            start = first
        else:
            start = 0
        self._restored = None
        for number in range(start, self.steps):
            batch = next(self._iterator, None)
            if batch is None:
                raise ValueError(
                    f"expected {self.steps} batches in an epoch, found {number}; give steps={number}"
                )
            if number >= first:
                if self._check is not None:
                    self._check(number, batch)
                yield place(batch, mesh)

    def position(self) -> Any:
        """The iterator's own state, if it has one."""
        return _frozen(self._iterator.get_state()) if _remembers(self._iterator) else None  # pyright: ignore

    def restore(self, position: Any) -> None:
        """Continues at a position."""
        self._restored = position


def _remembers(iterator):
    return callable(getattr(iterator, "get_state", None))


def _frozen(state):
    """An iterator's state as JSON values."""
    return {"bytes": state.hex()} if isinstance(state, bytes) else state


def _thawed(state):
    return bytes.fromhex(state["bytes"]) if isinstance(state, dict) and "bytes" in state else state


def place(batch: Batch, mesh: Mesh | None) -> Batch:
    """A batch on the devices that share it. Every process passes the whole batch."""
    if mesh is None:
        return jax.tree.map(jax.numpy.asarray, batch)
    split = NamedSharding(mesh, PartitionSpec(mesh.axis_names[0]))

    def put(x):
        x = np.asarray(x)
        return jax.make_array_from_callback(x.shape, split, lambda index: x[index])

    return jax.tree.map(put, batch)


def order(key: Array, epoch: int | Array, samples: int, batch_size: int) -> Array:
    """The order of an epoch: sample numbers `[steps, batch_size]`, reshuffled each epoch, the rest left out.

    >>> found = order(jax.random.key(0), epoch=3, samples=10, batch_size=4)
    >>> found.shape, len(set(found.ravel().tolist()))
    ((2, 4), 8)
    """
    steps = samples // batch_size
    shuffled = jax.random.permutation(jax.random.fold_in(order_key(key), epoch), samples)
    return shuffled[: steps * batch_size].reshape(steps, batch_size)


def order_key(key: Array) -> Array:
    """The half of a training's key that determines the order of its epochs."""
    return jax.random.split(key)[0]


def step_key(key: Array, step: int | Array) -> Array:
    """The key of a step, from the other half of a training's key."""
    return jax.random.fold_in(jax.random.split(key)[1], step)


def gather(samples: Any, order: Array, number: int | Array) -> Batch:
    """The batch with a given number in an epoch's order."""
    return jax.tree.map(lambda x: x[order[number]], samples)


def count_samples(samples: Any) -> int:
    """N of a pytree of arrays `[N, ...]`.

    Raises:
      ValueError: leaves of different N, or no leaves.
    """
    shapes = [np.shape(leaf) for leaf in jax.tree.leaves(samples)]
    counts = {shape[0] if shape else -1 for shape in shapes}
    if len(counts) != 1 or -1 in counts:
        raise ValueError(
            f"expected arrays [N, ...] of one number N of samples, found shapes {shapes}"
        )
    return counts.pop()
