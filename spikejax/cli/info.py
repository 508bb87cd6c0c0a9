"""`spikejax info`."""

import dataclasses
import json
from collections.abc import Sequence

import jax

from spikejax.cli.errors import usage_errors
from spikejax.cli.flags import parse
from spikejax.cli.train import TrainFlags, parse_configs, with_learn
from spikejax.devices import processes
from spikejax.runs import parts
from spikejax.runs.planning import explain, run_as
from spikejax.runs.provenance import versions


@dataclasses.dataclass(frozen=True)
class InfoFlags:
    """Show what is installed and where programs are cached; --plan RECIPE [flags of train] shows how that would run."""

    json: bool = False
    """Print JSON."""


def command(arguments: Sequence[str]) -> int:
    """Runs the command."""
    processes.start()
    if "--plan" in arguments:
        where = list(arguments).index("--plan")
        return _plan([*arguments[where + 1 :], *arguments[:where]])
    flags = parse(InfoFlags, arguments, "info")
    facts = {
        "versions": versions(),
        "devices": [f"{device.platform}: {device.device_kind}" for device in jax.devices()],
        "compilation cache": jax.config.values["jax_compilation_cache_dir"] or "none",
    }
    if flags.json:
        print(json.dumps(facts, indent=1))
        return 0
    for name, version in facts["versions"].items():
        print(f"{name:<17} {version}")
    print(f"{'devices':<17} {', '.join(facts['devices'])}")
    print(f"{'compilation cache':<17} {facts['compilation cache']}")
    return 0


def _plan(arguments):
    """Prints how a training would be laid out on this machine."""
    with usage_errors():
        name, configs, flags = parse_configs(arguments, "info --plan", TrainFlags)
        configs = with_learn(configs, flags.learn)
    found = {}
    for neuron, config in configs.items():
        built = parts.build(config, parts.load(config, flags.data_dir))
        why = explain(built.config, built.train, built.plan)
        found[neuron] = built.plan, why, run_as(built.config, built.train)
    if flags.json:
        facts = {
            neuron: {**plan._asdict(), "why": why, "layers": layers}
            for neuron, (plan, why, layers) in found.items()
        }
        print(json.dumps(facts, indent=1))
        return 0
    for neuron, (plan, why, layers) in found.items():
        print("\n  ".join([f"{name} {neuron}: {plan}", why, *layers]))
    return 0
