"""The command line: train, sweep, eval, neurons, data, info."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from spikejax.cli.sweep import sweep
from spikejax.registry import UnknownName, choose


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code: 0 done, 1 failed, 2 not understood, 130 stopped."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_usage())
        return 0
    try:
        command = choose("command", arguments[0], list(COMMANDS))
        return COMMANDS[command](arguments[1:])
    except UnknownName as error:
        print(f"spikejax: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has seen enough
        return 0
    except KeyboardInterrupt:
        print("\nspikejax: stopped", file=sys.stderr)
        return 130
    # What a person can mend is one line; anything else is a defect and shows its trace.
    except (OSError, ValueError, ModuleNotFoundError, FloatingPointError) as error:
        print(f"spikejax: {error}", file=sys.stderr)
        return 1


def _usage():
    lines = ["usage: spikejax COMMAND ...", ""]
    lines += [
        f"  {name:<8} {(function.__doc__ or '').splitlines()[0]}"
        for name, function in COMMANDS.items()
    ]
    return "\n".join([*lines, "", "spikejax COMMAND --help shows a command's flags."])


def train(arguments: Sequence[str]) -> int:
    """Train neurons on a task: spikejax train TASK --neuron NAME ... --out DIR."""
    from spikejax.cli.flags import parse_job
    from spikejax.devices import mesh
    from spikejax.runs import training as job
    from spikejax.training.progress import Interrupted

    wanted, flags = parse_job(arguments)
    out = flags.out or Path("runs") / wanted.task
    mesh.start(flags.coordinator, flags.processes, flags.process)
    try:
        result = job.run(
            wanted,
            out,
            data_dir=flags.data_dir,
            download=flags.download,
            resume=flags.resume,
            overwrite=flags.overwrite,
            progress=not flags.json and mesh.is_first(),
        )
    except Interrupted as stop:
        print(f"\n{stop}; continue with the same command and --resume", file=sys.stderr)
        return 130
    if not mesh.is_first():
        return 0
    if flags.json:
        print(json.dumps(result, indent=1))
        return 0
    print(f"{wanted.task}: {result['provenance']['data']['note']}\n")
    print(job.table(result["metrics"]))
    print(f"\nrecord           {out / 'record.json'}")
    print(f"learning curves  {out / 'learning_curves.png'}")
    print(f"raster           {out / 'raster.png'}")
    return 0


def evaluate(arguments: Sequence[str]) -> int:
    """Measure a run folder's networks on the test samples: spikejax eval DIR."""
    from spikejax.cli.flags import EvalFlags, parse
    from spikejax.devices import mesh
    from spikejax.runs import training as job

    mesh.start()
    flags = parse(EvalFlags, arguments, "eval")
    results = job.evaluate(flags.folder, data_dir=flags.data_dir)
    if flags.json:
        print(json.dumps(results, indent=1))
        return 0
    for name, values in results.items():
        rates = " ".join(f"{rate:.3f}" for rate in values["firing_rate"].values())
        print(
            f"{name}: test accuracy {100 * values['test_accuracy']:.2f} %, loss {values['test_loss']:.4f}, "
            f"firing rate per layer {rates}, after {values['steps']:,} steps"
        )
    return 0


def neurons(arguments: Sequence[str]) -> int:
    """List the neuron models with equations, fields, references and evidence; --plot draws one."""
    from spikejax.catalogue import describe as catalogue
    from spikejax.catalogue import evidence as fidelity
    from spikejax.cli.flags import NeuronsFlags, parse
    from spikejax.neurons import NEURONS

    flags = parse(NeuronsFlags, arguments, "neurons")
    names = [choose("neuron", name, NEURONS) for name in flags.names] or list(NEURONS)
    if (flags.plot is not None) + flags.markdown + flags.json > 1:
        raise ValueError("--plot, --markdown and --json exclude each other; choose one")
    if flags.plot is not None:
        return _portrait(names, flags.plot)
    if flags.markdown:
        print(catalogue.markdown(names), end="")
        return 0
    entries = [{**catalogue.describe(name), "evidence": fidelity.evidence(name)} for name in names]
    if flags.json:
        print(json.dumps(entries, indent=1, ensure_ascii=False))
        return 0
    for entry in entries:
        print(f"{entry['name']}: {entry['summary']}")
        print("\n".join(f"    {line}" for line in entry["equation"].splitlines()))
        for field, facts in entry["fields"].items():
            print(f"  {field}: {_field(facts)}")
        if entry["like"]:
            print(f"  like: {', '.join(entry['like'])}")
        if entry["deviations"]:
            print(f"  deviations: {entry['deviations']}")
        print(f"  evidence: {fidelity.summary(entry['name'])}")
        print(f"  {entry['reference']}\n")
    return 0


def _portrait(names, path):
    from spikejax.catalogue import portrait
    from spikejax.neurons import make
    from spikejax.plot import draw as plot

    if len(names) != 1:
        raise ValueError("--plot draws one neuron: spikejax neurons NAME --plot out.png")
    neuron = make(names[0])
    made = plot.portrait(
        portrait.responses(neuron),
        portrait.rates(neuron),
        title=names[0],
        unit=neuron.current_unit,
        spiking=neuron.spiking,
    )
    print(plot.save(made, path))
    return 0


def _field(facts):
    """What a field holds, in words."""
    text = f"{facts['doc']}; {facts['default']}"
    if facts["kind"] == "option":
        return f"{text}, one of {', '.join(map(str, facts['choices']))}"
    if facts["kind"] == "param":
        unit = f" {facts['unit']}" if facts["unit"] else ""
        low, high = ("" if bound is None else f"{bound:g}" for bound in facts["bounds"])
        bounds = f", from {low or 'minus infinity'} to {high or 'infinity'}" if low or high else ""
        return text + unit + bounds + (", learned" if facts["learned"] else "")
    return text


def data(arguments: Sequence[str]) -> int:
    """Say what a data set is and where it was looked for: spikejax data TASK."""
    from spikejax.cli.flags import DataFlags, parse
    from spikejax.data import SOURCES

    flags = parse(DataFlags, arguments, "data")
    source = SOURCES[choose("data set", flags.task, list(SOURCES))]
    facts = {
        "name": source.name,
        "what": source.title,
        "samples": source.samples,
        "steps": source.steps,
        "features": source.features,
        "classes": source.classes,
        "licence": source.licence,
        "reference": source.reference,
        "download": source.download,
        "looked in": [
            {"place": place, "found": found} for place, found in source.looked_in(flags.data_dir)
        ],
    }
    if flags.json:
        print(json.dumps(facts, indent=1))
        return 0
    for key, value in facts.items():
        if key != "looked in":
            print(f"{key:<10} {value}")
    for i, look in enumerate(facts["looked in"]):
        print(
            f"{'looked in' if i == 0 else '':<10} {'found' if look['found'] else 'not found'}: {look['place']}"
        )
    return 0


def info(arguments: Sequence[str]) -> int:
    """Say which versions, devices and compilation cache are in use."""
    import jax

    from spikejax.cli.flags import InfoFlags, parse
    from spikejax.devices import mesh
    from spikejax.runs import record

    mesh.start()
    if "--plan" in arguments:
        where = arguments.index("--plan")
        return _plan([*arguments[where + 1 :], *arguments[:where]])
    flags = parse(InfoFlags, arguments, "info")
    facts = {
        "versions": record.versions(),
        "devices": [f"{device.platform}: {device.device_kind}" for device in jax.devices()],
        "compilation cache": jax.config.values["jax_compilation_cache_dir"]
        or "none (set JAX_COMPILATION_CACHE_DIR)",
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
    """Says how a training would be laid out on this machine."""
    from spikejax.cli.flags import parse_job
    from spikejax.data import SOURCES
    from spikejax.runs import parts as recipe

    job, flags = parse_job(arguments)
    plans = {name: recipe.plan(job, name, SOURCES[job.task]) for name in job.neurons}
    if flags.json:
        print(json.dumps({name: plan._asdict() for name, plan in plans.items()}, indent=1))
        return 0
    for name, plan in plans.items():
        print(f"{job.task} {name}: {plan}")
    return 0


COMMANDS = {
    "train": train,
    "sweep": sweep,
    "eval": evaluate,
    "neurons": neurons,
    "data": data,
    "info": info,
}
