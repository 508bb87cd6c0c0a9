"""Child processes: forked from a server that has imported everything and has not started a JAX backend.

A child may be ended by a signal at any moment, at an event of the file system in a folder or a time after it; what it
does not send is not known.
"""

import multiprocessing
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from experiments.reliability.outcomes import Outcome

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["experiments.reliability.preloaded"])
# Audit events of changes of the file system; `os.replace` is one of `os.rename`.
EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree")


class Limits(NamedTuple):
    """What a child may use.

    Attributes:
      seconds: until it is killed; of `each` the time of a trial.
      memory: bytes of address space beyond that at its start; None is no limit.
      file_size: bytes that a file may have; None is no limit.
    """

    seconds: float = 120.0
    memory: int | None = None
    file_size: int | None = None


FREE = Limits()


class Stop(NamedTuple):
    """When a child is sent signals.

    Attributes:
      event: at which event of the file system in the folder, counted from 1; 0 is the start.
      delay: seconds after it; None is before the event happens, by the child itself.
      signals: which, one after the other.
      gap: seconds between them.
    """

    event: int
    delay: float | None
    signals: tuple[int, ...] = (signal.SIGKILL,)
    gap: float = 0.0


class Ended(NamedTuple):
    """How a child ended.

    Attributes:
      code: its exit code; minus the number of the signal that ended it.
      value: what the function returned; None if there is `error`.
      error: type and message of the exception that left the function; None if none did.
      memory: its largest resident memory in MB; 0 if it was killed.
      events: how many events of the file system there were in the folder.
      seconds: from its start to its end.
    """

    code: int | None
    value: Any = None
    error: tuple[str, str] | None = None
    memory: float = 0.0
    events: int = 0
    seconds: float = 0.0

    @property
    def words(self) -> str:
        """The error, or how the process ended."""
        return ": ".join(self.error) if self.error else f"exit code {self.code}"


def run(
    function: Callable[..., Any],
    *args: Any,
    cache: Path,
    folder: Path | None = None,
    stop: Stop | None = None,
    limits: Limits = FREE,
) -> Ended:
    """Calls a function in a child and waits for it.

    Args:
      function: at the top of a module; what it returns is sent back.
      *args: its arguments.
      cache: where compiled programs are kept.
      folder: whose events are counted.
      stop: when the child is sent signals.
      limits: what it may use.
    """
    started = start(function, *args, cache=cache, folder=folder, stop=stop, limits=limits)
    return finish(*started, stop, limits)


def start(
    function: Callable[..., Any],
    *args: Any,
    cache: Path,
    folder: Path | None = None,
    stop: Stop | None = None,
    limits: Limits = FREE,
) -> tuple[Any, Connection]:
    """Starts a child, see `run`; returns the process and the pipe from it."""
    receiver, sender = CONTEXT.Pipe(duplex=False)
    given = (sender, cache, folder, stop, limits, function, args)
    process = CONTEXT.Process(target=_child, args=given, daemon=True)
    process.start()
    sender.close()
    return process, receiver


def finish(process: Any, receiver: Connection, stop: Stop | None, limits: Limits) -> Ended:
    """Waits for a child that was started, and sends it the signals of `stop`."""
    begun, told = time.perf_counter(), None
    end = begun + limits.seconds
    try:
        while told is None or told[0] == "event":
            if not receiver.poll(max(end - time.perf_counter(), 0)):
                break
            told = receiver.recv()
            if told[0] == "event" and stop is not None and stop.delay is not None:
                _send(process, stop)
    except EOFError:
        pass
    process.join(max(end - time.perf_counter(), 0.1))
    late = process.exitcode is None
    if late:
        process.kill()
        process.join()
    spent = time.perf_counter() - begun
    if late:
        return Ended(None, error=("TimedOut", f"after {limits.seconds:g} s"), seconds=spent)
    if told is None or told[0] != "end":
        return Ended(process.exitcode, seconds=spent)
    return Ended(process.exitcode, *told[1:], seconds=spent)


def _send(process, stop):
    time.sleep(stop.delay)
    for number, one in enumerate(stop.signals):
        time.sleep(stop.gap if number else 0)
        try:
            os.kill(process.pid, one)
        except ProcessLookupError:
            return


def _child(sender, cache, folder, stop, limits, function, args):
    """Calls the function; every exception is an outcome, which is sent."""
    prepare(cache, limits)
    counted = [0]
    if folder is not None:
        _count_events(folder, stop, sender, counted)
    value, error = None, None
    try:
        if stop is not None and stop.event == 0:
            sender.send(("event",))
        value = function(*args)
    except BaseException as problem:
        error = (type(problem).__name__, str(problem))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sender.send(("end", value, error, memory, counted[0]))
    sender.close()


def prepare(cache: Path, limits: Limits) -> None:
    """Sets up a child: one CPU device, a compilation cache, quiet, and its limits."""
    import jax

    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_num_cpu_devices", 1)
    jax.config.update("jax_compilation_cache_dir", str(cache))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    quiet = os.open(os.devnull, os.O_RDWR)
    for number in (1, 2):
        os.dup2(quiet, number)
    if limits.memory is not None:
        with open("/proc/self/statm", encoding="ascii") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + limits.memory, resource.RLIM_INFINITY))
    if limits.file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_size, resource.RLIM_INFINITY))


def _count_events(folder, stop, sender, counted):
    inside = str(folder)

    def hook(event, args):
        if event not in EVENTS or not args or not isinstance(args[0], str | Path):
            return
        if not str(args[0]).startswith(inside):
            return
        counted[0] += 1
        if stop is None or counted[0] != stop.event:
            return
        if stop.delay is not None:
            sender.send(("event",))
            return
        for one in stop.signals:
            os.kill(os.getpid(), one)

    sys.addaudithook(hook)


def each(
    function: Callable[[Any], Outcome],
    trials: Sequence[Any],
    *,
    cache: Path,
    limits: Limits = FREE,
) -> Iterator[tuple[Outcome, float]]:
    """Calls a function with each trial, all in one child; a new one goes on where one dies or takes too long.

    Args:
      function: at the top of a module, from a trial to its outcome.
      trials: JSON values.
      cache: where compiled programs are kept.
      limits: those of the child, the time that of a trial.

    Yields:
      An outcome and the largest resident memory so far in MB, in the order of the trials.
    """
    done = 0
    while done < len(trials):
        receiver, sender = CONTEXT.Pipe(duplex=False)
        given = (sender, cache, limits, function, trials[done:])
        process = CONTEXT.Process(target=_worker, args=given, daemon=True)
        process.start()
        sender.close()
        problem = None
        while done < len(trials):
            try:
                if not receiver.poll(limits.seconds):
                    problem = Outcome("timed out", f"after {limits.seconds:g} s", trials[done])
                    break
                outcome, memory = receiver.recv()
            except EOFError:
                process.join()
                problem = Outcome("died", f"exit code {process.exitcode}", trials[done])
                break
            if outcome.kind == "broken":
                raise RuntimeError(f"{trials[done]}: {outcome.words}")
            yield outcome, memory
            done += 1
        if problem is not None:
            process.kill()
            yield problem, 0.0
            done += 1
        process.join()


def _worker(sender, cache, limits, function, trials):
    prepare(cache, limits)
    for trial in trials:
        try:
            outcome = function(trial)
        except Exception:  # of the trial itself, not of what it tries
            outcome = Outcome("broken", traceback.format_exc()[-1500:], trial)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        sender.send((outcome, memory))


def generator(*seed: Any) -> random.Random:
    """Random numbers from a seed of any values."""
    return random.Random(repr(seed))
