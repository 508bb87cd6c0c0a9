"""How Table 3 of AR-LIF counts operations, found by reproducing its digits; per sample and per time step."""

from dataclasses import dataclass

from spikejax.analysis import Count, Operation, rate_of

AS_COUNTED = 9  # a 1x1 convolution is counted as one of 3x3


@dataclass(frozen=True)
class PaperCounting:
    """FLOPs are 2 MACs of convolutions and read-out, plus one per input of a pooling.

    MACs are those of layers with analog inputs: the first convolution, and the convolutions and the read-out that
    follow an average pooling; ACs are those of the other convolutions times the rate of their inputs. In a VGG every
    input of a 2x2 pooling is one MAC more; in a ResNet poolings count nothing and the read-out no MACs. Biases,
    normalisation, neurons, and the spreading of images over a larger grid count nothing.

    Attributes:
      vgg: whether the network is a VGG.
      wide_shortcuts: whether the FLOPs of a 1x1 shortcut are those of 3x3.
      readouts: how often the read-out is counted.
    """

    vgg: bool
    wide_shortcuts: bool = False
    readouts: int = 1

    def __call__(self, operation: Operation) -> Count:
        """The counts of an operation."""
        if operation.kind == "pooling" and self.vgg:
            return Count(operation.inputs, operation.inputs)
        if operation.kind == "convolution":
            wide = self.wide_shortcuts and operation.window == (1, 1)
            flops = 2 * operation.macs * (AS_COUNTED if wide else 1)
            if operation.spikes:
                return Count(flops, acs=operation.macs * rate_of(operation))
            return Count(flops, operation.macs)
        if operation.kind == "product":
            macs = operation.macs * self.readouts
            return Count(2 * macs, macs if self.vgg else 0.0)
        return Count()
