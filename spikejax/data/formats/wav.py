"""WAV files of one channel of 16-bit samples."""

import io
import wave

import numpy as np

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.stored import AGAIN


def decode(content: bytes, where: str, rate: int) -> np.ndarray:
    """The samples of a file, int16 `[N]`.

    Args:
      content: of the file.
      where: its name, for messages.
      rate: its samples per second.

    Raises:
      CorruptData: it is no such file, is cut off, or has no samples.

    >>> file = io.BytesIO()
    >>> with wave.open(file, "wb") as out:
    ...     out.setparams((1, 2, 16000, 0, "NONE", ""))
    ...     out.writeframes(np.array([1, -2], "<i2").tobytes())
    >>> decode(file.getvalue(), "a.wav", 16000)
    array([ 1, -2], dtype=int16)
    """
    try:
        with wave.open(io.BytesIO(content)) as file:
            form = file.getnchannels(), file.getsampwidth(), file.getframerate()
            count, samples = file.getnframes(), file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise CorruptData(
            f"{where}: expected a WAV file, found one that cannot be read ({error}); {AGAIN}"
        ) from error
    if form != (1, 2, rate):
        channels, width, found = form
        raise CorruptData(
            f"{where}: expected one channel of 16 bits at {rate} Hz, found {channels} of {8 * width} bits at {found} Hz"
        )
    if not count or len(samples) != 2 * count:
        raise CorruptData(
            f"{where}: expected the {count} samples that it states, and at least one, found {len(samples) // 2}; "
            f"{AGAIN}"
        )
    return np.frombuffer(samples, "<i2").astype(np.int16)
