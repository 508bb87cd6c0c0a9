"""Processes: start them, let them agree, stop them cleanly."""

import contextlib
import contextvars
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np


class Interrupted(Exception):
    """Training was stopped from outside; its progress is saved."""


class OutOfTime(Interrupted):
    """The time limit of a training is over; its progress is saved."""


def start(
    coordinator: str | None = None, processes: int | None = None, process: int | None = None
) -> None:
    """Makes each CPU core a device of its own and joins other processes; call it before any device is used.

    Args:
      coordinator: "host:port" of process 0, or "auto" if the cluster provides all three (TPU pods, Slurm, …); None
        is a single process.
      processes: how many there are.
      process: which one this is.

    A number of CPU devices that was set before, by `JAX_NUM_CPU_DEVICES` or in `XLA_FLAGS`, stays.

    Raises:
      ValueError: only some of the three are given.
    """
    chosen = "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", "")
    if jax.config.values["jax_num_cpu_devices"] == -1 and not chosen:
        affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
        cores = len(affinity(0)) if affinity else os.cpu_count()
        with contextlib.suppress(RuntimeError):  # devices are in use already
            jax.config.update("jax_num_cpu_devices", cores)
    if coordinator == "auto" and processes is None and process is None:
        jax.distributed.initialize()
    elif coordinator not in (None, "auto") and processes is not None and process is not None:
        jax.distributed.initialize(coordinator, processes, process)
    elif (coordinator, processes, process) != (None, None, None):
        raise ValueError(
            "expected a coordinator HOST:PORT, the number of processes and which one this is, or the coordinator auto, "
            f"found {coordinator}, {processes} and {process}"
        )


def is_first() -> bool:
    """Whether this process is the one that writes shared files."""
    return jax.process_index() == 0


@contextlib.contextmanager
def on_first(open_context: Callable[..., Any], *args: Any, **kwargs: Any) -> Iterator[Any]:
    """Opens a context on the first process; the others wait until it is open and work on a copy of its value.

    Raises:
      Exception: what opening it raised; on the other processes a ValueError with the same message.
    """
    with contextlib.ExitStack() as stack:
        given = problem = None
        try:
            given = stack.enter_context(open_context(*args, **kwargs)) if is_first() else None
        except Exception as error:
            if jax.process_count() == 1:
                raise
            problem = error
        value, error = json.loads(gather_texts(json.dumps([given, problem and str(problem)]))[0])
        if error is not None:
            raise problem or ValueError(error)
        yield given if is_first() else value


def any_process(flag: bool) -> bool:
    """Whether the flag is set on any process; all of them must call this at the same place."""
    return any(map(bool, gather_texts("yes" if flag else "")))


def gather_texts(text: str) -> list[str]:
    """All-gathers one string per process."""
    if jax.process_count() == 1:
        return [text]
    from jax.experimental import multihost_utils

    own = np.frombuffer(text.encode(), np.uint8)
    lengths = np.ravel(multihost_utils.process_allgather(np.int64(len(own))))
    padded = np.zeros(int(lengths.max()), np.uint8)
    padded[: len(own)] = own
    rows = np.asarray(multihost_utils.process_allgather(padded)).reshape(len(lengths), -1)
    return [bytes(row[:length]).decode() for row, length in zip(rows, lengths, strict=True)]


class _Stop(threading.Event):
    resend = False  # whether a signal that came too late to stop anything is sent again at the end


_STOPPED: contextvars.ContextVar[_Stop | None] = contextvars.ContextVar("stopped")


@contextlib.contextmanager
def stop_signal() -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets, so that no step is interrupted; a second Ctrl-C ends at once.

    Inside another `stop_signal` it is the same event; outside the main thread it is never set.
    """
    outer = _STOPPED.get(None)
    if outer is not None or threading.current_thread() is not threading.main_thread():
        yield outer or threading.Event()
        return
    stopped, received = _Stop(), []

    def stop(number, frame):
        del frame
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()
        received.append(number)
        print("\nstopping after this step; Ctrl-C again ends at once", file=sys.stderr, flush=True)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    token = _STOPPED.set(stopped)
    try:
        yield stopped
    finally:
        _STOPPED.reset(token)
        for number, handler in before.items():
            signal.signal(number, handler)
    if received and stopped.resend:
        signal.raise_signal(received[0])


def resend_signal() -> None:
    """Sends a signal again that came too late to stop anything, now that all is saved: nothing else is to begin."""
    if (stopped := _STOPPED.get(None)) is not None:
        stopped.resend = True
