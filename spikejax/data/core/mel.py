"""Mel spectra of a second of speech, by librosa."""

import numpy as np

from spikejax.extras import require

RATE = 16_000  # samples per second
BANDS, WINDOW, HOP = 40, 480, 160  # of a spectrum; the others in samples
FRAMES = RATE // HOP + 1
LOW, HIGH = 40.0, 4_000.0  # Hz


def spectra(samples: np.ndarray, *, repeat_loudest: bool = False) -> np.ndarray:
    """The spectra of a recording, float32 `[101, 40]`, of mean 0 and deviation 1.

    A frame of 480 samples every 160, 40 mel bands from 40 to 4,000 Hz of magnitudes m, as 10 log10(m / max m), at least
    −80. A longer recording is cut after a second, a shorter one is followed by silence.

    Args:
      samples: int16 at 16 kHz, `[N]`.
      repeat_loudest: whether what is missing of a second is frames of 0 dB, the level of the largest magnitude, as in
        the released code of TC-LIF.

    Reference: TC-LIF (AAAI 2024), released code for Google Speech Commands.
    """
    librosa = require("librosa")
    sound = samples[:RATE].astype(np.float32) / 2**15
    if not repeat_loudest:
        sound = np.pad(sound, (0, RATE - len(sound)))
    magnitudes = librosa.feature.melspectrogram(
        y=sound,
        sr=RATE,
        n_fft=WINDOW,
        hop_length=HOP,
        n_mels=BANDS,
        fmin=LOW,
        fmax=HIGH,
        power=1.0,
    )
    decibels = librosa.power_to_db(magnitudes, ref=np.max).T[:FRAMES]
    decibels = np.pad(decibels, ((0, FRAMES - len(decibels)), (0, 0)))
    deviation = decibels.std()
    return (decibels - decibels.mean()) / (deviation if deviation > 0 else 1)
