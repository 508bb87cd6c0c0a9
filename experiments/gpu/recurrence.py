"""One recurrent layer alone, 784 steps: microseconds per time step, forward, and forward and backward."""

import jax

from experiments.gpu.cells import both, forward, kernels, operands, recurrent
from experiments.gpu.sheet import Sheet
from experiments.gpu.timing import best_and_median, build_all, built, race

PRECISIONS = {"default precision": None, "high": "high", "highest": "highest"}
# In order of interest, since time may run out: neuron, features, rows of the batch.
LAYERS = (("TC-LIF", 256, 256), ("TC-LIF", 200, 256), ("LIF", 128, 256))
FEW_ROWS = tuple((name, features, 16) for name, features, _ in LAYERS)


def measure(sheet: Sheet) -> None:
    """Rows "TC-LIF 256, batch 256, kernel, high", with "forward_us" and "both_us" per time step."""
    first = [(*layer, "auto", "default precision") for layer in (*LAYERS, *FEW_ROWS)]
    first += [(*LAYERS[0], "scan", "default precision")]
    later = [(*layer, "auto", name) for name in ("high", "highest") for layer in LAYERS]
    later += [(*layer, "auto", name) for name in ("high", "highest") for layer in FEW_ROWS]
    if sheet.quick:
        first, later = [("LIF", 8, 4, kernel, "default precision") for kernel in kernels(True)], []
    for cases in (first, later):
        _measure(sheet, cases)


def _measure(sheet, cases):
    """A pass has a row of its own until both are done."""
    steps = 12 if sheet.quick else 784
    builders, passes = {}, {}
    for name, features, batch, kernel, precision in cases:
        layer, shown = recurrent(name), kernels(sheet.quick)[kernel]
        row = f"{name} {features}, batch {batch}, {shown}, {precision}"
        if not sheet.lacks(row):
            continue
        for key, function in (("forward_us", forward), ("both_us", both)):

            def build(
                layer=layer,
                function=function,
                kernel=kernel,
                precision=precision,
                shape=(steps, batch, features),
            ):
                given = operands(layer, shape)
                given = given if function is both else given[:2]
                # The precision belongs to the thread that traces.
                with jax.default_matmul_precision(PRECISIONS[precision]):
                    return built(jax.jit(function(layer, kernel)), *given)

            builders[f"{row}\n{key}"], passes[f"{row}\n{key}"] = build, (row, key)
    made = {name: program.call for name, program in build_all(sheet, builders).items()}

    def note(name, seconds):
        row, key = passes[name]
        found = best_and_median(seconds)
        median = 1e6 * found["seconds_median"] / steps
        sheet.note(row, {key: 1e6 * found["seconds"] / steps, f"{key}_median": median})

    race(sheet, made, note)
    for name, (row, key) in passes.items():
        told = sheet.rows.pop(name, {})
        sheet.note(row, {f"{key.removesuffix('_us')}_{fact}": x for fact, x in told.items()})
