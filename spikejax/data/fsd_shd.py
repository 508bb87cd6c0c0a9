"""Spoken digits as spikes: the Free Spoken Digit Dataset through the cochlea model of SHD. It is not SHD."""

from typing import ClassVar

from spikejax.data.core.dataset import Facts
from spikejax.data.core.spike_trains import SpikeTrains
from spikejax.data.core.stored import Stored
from spikejax.fields import spec


@spec
class FSDSHD(SpikeTrains):
    """Spoken digits as events of 700 channels: English, 10 classes, 6 speakers, two of whom are in the test part only.

    The layout and the cochlea model are those of SHD, the recordings are not: a result on it is not a result on SHD.

    Reference: Z. Jackson et al., Free Spoken Digit Dataset, 2018; B. Cramer et al., The Heidelberg spiking data sets
    for the systematic evaluation of spiking neural networks, 2022, for the model.
    """

    facts = Facts(
        title="spoken digits as spikes of 700 channels (not SHD)",
        licence="CC BY-SA 4.0",
        reference="Z. Jackson et al., Free Spoken Digit Dataset, 2018; cochlea model of B. Cramer et al., 2022",
        samples=2299,
        shape="events of 700 channels",
        classes=10,
        download="nothing: it has no public address",
    )
    title: ClassVar = "Free Spoken Digit Dataset as spikes of SHD's cochlea model; NOT SHD: other speakers and audio"
    files: ClassVar = {"train": "fsd_shd_train.h5", "test": "fsd_shd_test.h5"}
    stored: ClassVar = {
        "train": Stored(
            files["train"],
            44_963_912,
            "1e16ed1af107fdafaa80d80725434bd3ab730b33ee441cbe2818c20bf78e1696",
        ),
        "test": Stored(
            files["test"],
            11_457_102,
            "db24981710626c841e9b0e8dc5b545d2ec50bdc7abb5a9bcfe15453c642110a0",
        ),
    }
