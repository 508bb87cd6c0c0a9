"""What each notebook claims, checked on the names that its cells have defined."""

import jax.numpy as jnp
import numpy as np


def first_spikes(names: dict) -> None:
    # A leaky membrane that is driven above its threshold fires, and only then.
    assert names["counts"].min() == 0 < names["counts"].max()
    assert (jnp.diff(names["counts"]) >= 0).all()
    # The surrogate gradient is positive and peaks below every rise of the count.
    assert (names["slopes"] > 0).all()
    rises = np.flatnonzero(jnp.diff(names["counts"]))
    assert (names["slopes"][rises] > names["slopes"][rises + 1]).all()
    # The same pulse is gone in the LIF and still there in TC-LIF, which turns without shrinking.
    assert names["leaky_spikes"].sum() > 0 and names["tc_spikes"].sum() > 0
    assert abs(names["leaky"].membrane[100:]).max() < 1e-3
    assert abs(names["tc"].soma[100:]).max() > 0.3
    eigenvalues = np.linalg.eigvals(np.asarray(names["step_matrix"], np.float64))
    np.testing.assert_allclose(abs(eigenvalues), 1, rtol=1e-6)
    assert (eigenvalues.imag != 0).all()
    # The new neuron fires and tires.
    intervals = np.diff(np.flatnonzero(names["spikes"]))
    assert len(intervals) > 5 and intervals[-1] > intervals[0]
    # Both networks learn: far above chance, and the loss falls.
    chance = 1 / names["digits"].classes
    assert set(names["trained"]) == {"TiringLIF", "TCLIF"}
    for name, result in names["trained"].items():
        history = result.record["history"]
        assert result.record["metrics"]["test_accuracy"] > 2.5 * chance, name
        assert 0 <= float(result.variables["params"]["neuron_0"].get("recovery", 0)) <= 1
        assert history[-1]["loss"] < history[0]["loss"] / 2, name
        assert all(spikes.sum() > 0 for spikes in names["rasters"][name].values()), name


def encodings(names: dict) -> None:
    # A rate is as wrong as coin tosses are, a latency less so and with fewer spikes.
    np.testing.assert_allclose(names["errors"]["rate"], names["expected"], rtol=0.05)
    assert (np.array(names["errors"]["latency"]) < names["errors"]["rate"]).all()
    assert max(names["counts"]["latency"]) < min(names["counts"]["rate"])
    assert names["first_exact"] < names["lengths"][-1]
    # A current below 1 − decay never makes a neuron fire, a larger one sooner than a small one.
    silent = ~np.asarray(names["fired"])
    np.testing.assert_allclose(names["pixels"][silent].max(), 0.1, atol=0.01)
    first = names["answers"].argmax(0)[~silent]
    assert (np.diff(first) <= 0).all() and first[0] > first[-1] == 0
    # A low threshold flattens what is steep, a high one misses what is slow.
    low, high = names["thresholds"]
    assert names["restored"][low].max() < 0.5 * names["restored"][high].max()
    assert names["changes"][low][300:].sum() > 0 == names["changes"][high][300:].sum()
    accuracies = [history[-1]["test_accuracy"] for history in names["histories"].values()]
    assert len(accuracies) == 3 and min(accuracies) > 0.8


def event_camera(names: dict) -> None:
    # Both recordings are events in the order of time, of both polarities.
    for events, _ in names["samples"].values():
        assert (np.diff(events["t"]) >= 0).all() and set(events["p"].tolist()) == {0, 1}
    # Frames by count hold every event, as many in each but the last.
    events, frames = names["samples"]["gesture"][0], names["images"]["gesture"]
    counts = frames.sum((1, 2, 3), dtype=int)
    assert frames.shape == (20, 128, 128, 2) and counts.sum() == len(events)
    assert (counts[:-1] == len(events) // 20).all()
    # The network learns, its neurons fire, and both of their parameters have moved.
    history = names["trained"].record["history"]
    assert names["trained"].record["metrics"]["test_accuracy"] > 0.5
    assert history[-1]["loss"] < history[0]["loss"]
    rates = names["activity"].rates
    assert len(rates) == 8 and all(0 < rate < 1 for rate in rates.values())
    for name, start in (("β", 0), ("α", 1)):
        assert (
            len(names["values"][name]) == 8
            and np.abs(np.subtract(names["values"][name], start)).max() > 0.01
        )


def long_sequences(names: dict) -> None:
    # LIF forgets, TC-LIF does not.
    np.testing.assert_allclose(abs(names["eigenvalues"]), 1, rtol=1e-5)
    assert names["norms"]["LIF"][-1] < 1e-6 and min(names["norms"]["TC-LIF"]) > 0.5
    accuracies = [result.record["metrics"]["test_accuracy"] for result in names["trained"].values()]
    assert 0.2 < accuracies[0] < accuracies[1] - 0.1 and accuracies[1] > 0.5
    # More of the first layer's gradient reaches the first half of the steps.
    halves = [share[:32, :64].sum() / share[:, :64].sum() for share in names["maps"].values()]
    assert halves[0] < halves[1]
    # Chunks change the memory and not the result.
    losses, megabytes = zip(*names["found"].values(), strict=True)
    np.testing.assert_allclose(losses, losses[0], rtol=1e-5)
    assert list(megabytes) == sorted(megabytes, reverse=True) and megabytes[-1] < megabytes[0] / 10


def sweeps(names: dict) -> None:
    # Another number is another trial of the same program, another size is another program.
    assert [found[1:3] for found in names["compared"]] == [(1, 1), (64, 1), (2, 2)]
    assert len(names["result"]["provenance"]["programs"]) == 1 and len(names["accuracy"]) == 18
    # At the largest learning rate nothing is trained, and what has diverged is named.
    failed, accuracy = names["failed"], names["accuracy"]
    largest = [point for point in failed if point[0] == 32]
    assert len(largest) == 3 and all(failed[point].all() for point in largest)
    diverged = {row["trial"] for row in names["history"] if row["diverged"]}
    assert len(diverged) == sum(np.isnan(values).sum() for values in accuracy.values()) > 0
    # Seeds disagree on the best point, and the winner of a seed is worse with the others.
    assert len(names["contenders"]) > 5 and names["winners"] > 1 and names["curse"] > 0
    # In pairs the difference of two points is known better than of separate seeds.
    assert len(names["a"]) == len(names["b"]) == 32
    paired, separate = (names[name].high - names[name].low for name in ("paired", "separate"))
    assert paired < separate
    # The test samples are a larger uncertainty than the seeds.
    assert names["test"].mean() > 0.6
    assert names["by_samples"] > 2 * names["test"].std(ddof=1) / np.sqrt(32)


def surrogates_and_training(names: dict) -> None:
    # The waves are drawn: the distance falls to a small part, and the spikes are near their places.
    assert names["losses"][-1] < names["losses"][0] / 10
    # Training works in a valley of widths and fails beyond it, on the narrow side at least by a factor.
    mean = names["final"].mean(1)
    assert 0.2 < names["best"] < 5
    assert mean[0] > 5 * mean.min() and mean[-1] > 1.5 * mean.min()
    # Backwards through the layers a gradient explodes with a narrow curve and vanishes with a wide one.
    norms = names["norms"]
    assert norms[0.3][0] > 20 * norms[0.3][-1]
    assert norms[8.0][0] < norms[8.0][-1] / 20
    assert 0.1 < norms[1.0][0] / norms[1.0][-1] < 10
    # Curves without tails reach no neuron and learn nothing; the others do both.
    for name in ("Triangle(0.3)", "Rectangle(0.5)"):
        assert names["reached"][name] == 0 and names["weak"][name][-1] == names["weak"][name][0]
    for name in ("Sigmoid(4)", "ATan(2)"):
        assert names["reached"][name] > 0.9
        assert names["weak"][name][-1] < names["weak"][name][0] / 5


def own_parts(names: dict) -> None:
    # The neuron is its equations, and remembers the pulse longer than a LIF.
    np.testing.assert_allclose(names["found"], names["expected"], atol=1e-4)
    assert names["spikes"][5:].sum() > names["of_lif"][5:].sum()
    # With slow neurons the cue is remembered, also over the longest trials.
    fast, mixed = (r.record["metrics"]["test_accuracy"] for r in names["trained"].values())
    assert mixed > 0.8 and mixed > fast + 0.2
    right = names["right"]["32 fast, 32 slow"]
    assert right[-1] > 0.7 > names["right"]["64 fast"][-1]


def streaming(names: dict) -> None:
    assert names["trained"].record["metrics"]["test_accuracy"] > 0.5
    # However a stream is cut, the outputs are the same, and so are those of several streams at different speeds.
    size = float(abs(names["whole"]).max())
    assert max(names["differences"].values()) < 1e-4 * size
    assert names["streams_difference"] < 1e-3 * float(abs(names["together"]).max())
    # A truncated gradient is nearer to the full one the longer the chunk; a chunk alone changes nothing.
    cosines = list(names["cut"].values())
    assert cosines[0] < cosines[-1] < 1 and names["kept_whole"] > 0.9999
    # A CPU gets chunks, a GPU the whole sequence.
    assert "chunks" in names["printed"]
    asked = list(names["asked"].values())
    assert asked[0].chunk < 784 and [p.chunk for p in asked[1:]] == [784, 784]
    # Kernels give what loops give; for accelerators there is one forward and one backward.
    assert names["kernel_difference"] < 1e-4 * size
    assert names["counts"] == {"CPU": (2, 0), "GPU": (0, 2), "TPU": (0, 2)}


def recurrent_events(names: dict) -> None:
    # Both networks learn, better on voices that they know where there are others.
    for result in names["trained"].values():
        last = result.record["history"][-1]
        assert last["test_accuracy"] > 0.4 and last["validation_accuracy"] > 0.5
        assert names["missing"] or last["validation_accuracy"] > last["test_accuracy"]
    # The answer builds up over time, and is that of the whole sequence at the end.
    for name, accuracy in names["over_time"].items():
        known = names["trained"][name].record["metrics"]["test_accuracy"]
        assert accuracy[0] < 0.3 < known
        np.testing.assert_allclose(accuracy[-1], known, atol=0.01)
    # Without its feedback the recurrent network is worse.
    assert names["without"] < names["over_time"]["recurrent"][-1] - 0.05
    assert names["worst"].max() < 1 and names["spoken"] != names["answer"]


def regression(names: dict) -> None:
    # Both read-outs follow the signal; the one with a membrane is smoother, and closer once it has arrived.
    errors = [np.sqrt(r.record["metrics"]["test_loss"]) for r in names["trained"].values()]
    assert max(errors) < 0.5 * names["positions"].std()
    assert names["late"]["leaky integrator"] < names["late"]["sum of spikes"]
    assert names["changes"]["leaky integrator"] < names["changes"]["sum of spikes"]
    assert names["decay"] != 0.8
    # A stronger term means fewer spikes, and in the end a larger error.
    rates, found = names["rates"].mean(1), names["errors"].mean(1)
    assert len(names["found"]["provenance"]["programs"]) == 1
    assert (np.diff(rates) < 0).all() and rates[-1] < rates[0] / 3
    assert found[-1] > found[0] and found[1] < 1.1 * found[0]
    # Both terms pull potentials into the range.
    outside = {name: (abs(values) > 1).mean() for name, values in names["potentials"].items()}
    assert max(outside["Membrane"], outside["outside ±1"]) < outside["none"] / 2


FACTS = {
    "01_first_spikes": first_spikes,
    "02_encodings": encodings,
    "03_surrogates_and_training": surrogates_and_training,
    "04_recurrent_events": recurrent_events,
    "05_convolutions_and_cameras": event_camera,
    "06_long_sequences": long_sequences,
    "07_sweeps_and_statistics": sweeps,
    "08_regression_and_membrane_losses": regression,
    "09_streaming_and_accelerators": streaming,
    "10_your_own_neuron_data_network": own_parts,
}
