"""Spiking Heidelberg Digits: spoken digits in English and German as spikes of 700 channels of a cochlea model."""

from typing import ClassVar

from spikejax.data.core.dataset import Facts
from spikejax.data.core.spike_trains import SpikeTrains
from spikejax.fields import spec


@spec
class SHD(SpikeTrains):
    """Spiking Heidelberg Digits: 8,156 recordings for training, 2,264 for test, 20 classes, 12 speakers.

    Two of the speakers are in the test part only. The files are those of the distribution, unpacked. There is no
    validation part: hold some recordings out (`Config.validation`), or choose nothing by the test accuracy.

    Reference: B. Cramer, Y. Stradmann, J. Schemmel, F. Zenke, The Heidelberg spiking data sets for the systematic
    evaluation of spiking neural networks, 2022.
    """

    facts = Facts(
        title="Spiking Heidelberg Digits, spoken digits as spikes of 700 channels",
        licence="CC BY 4.0",
        reference="B. Cramer et al., The Heidelberg spiking data sets for the systematic evaluation of spiking neural "
        "networks, 2022",
        samples=10_420,
        shape="events of 700 channels",
        classes=20,
        download="nothing: get shd_train.h5.zip (md5 f3252aeb598ac776c1b526422d90eecb) and shd_test.h5.zip (md5 "
        "1503a5064faa34311c398fb0a1ed0a6f), some 200 MB, from zenkelab.org/datasets and unpack them",
    )
    title: ClassVar = "Spiking Heidelberg Digits"
    files: ClassVar = {"train": "shd_train.h5", "test": "shd_test.h5"}
