"""The models of the benchmarks. `python3 models.py FOLDER` writes them as TorchScript, in evaluation mode, and images for them."""

import sys
from pathlib import Path

import numpy
import torch
from torch import nn

SEED = 1
IMAGES = (320, 3, 128, 128)
VISION = ["resnet18", "resnet50", "mobilenet_v2"]
CHAINS = [10, 30, 100, 300, 1000]
MEGABYTES = [1, 10, 100, 400]


class Block(nn.Module):
    """A convolution, a BatchNorm and a ReLU of the digits network."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return nn.functional.relu(self.bn(self.conv(x)))


class Digits(nn.Module):
    """The network of tests/fixtures/digits.*."""

    def __init__(self):
        super().__init__()
        self.stem = Block(1, 16, 1)
        self.body = nn.Sequential(Block(16, 32, 2), Block(32, 32, 1), Block(32, 64, 2), Block(64, 64, 1))
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(64, 64)
        self.bn = nn.BatchNorm1d(64)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        x = self.drop(self.body(self.stem(x)).mean([2, 3]))
        return self.head(nn.functional.relu(self.bn(self.fc(x))))


def mlp():
    """So small that a batch takes a fraction of a millisecond, and overhead is everything."""
    hidden = [layer for _ in range(4) for layer in (nn.Linear(128, 128), nn.BatchNorm1d(128), nn.ReLU())]
    return nn.Sequential(nn.Linear(64, 128), *hidden, nn.Linear(128, 10))


def chain(layers):
    """Nothing but small BatchNorm layers."""
    return nn.Sequential(*[nn.BatchNorm1d(8) for _ in range(layers)])


def weights(megabytes):
    """A matrix of so many megabytes, and a BatchNorm."""
    return nn.Sequential(nn.Linear(1024, megabytes * 256, bias=False), nn.BatchNorm1d(megabytes * 256))


def build(name):
    """The model of that name, with weights that are the same each time."""
    torch.manual_seed(SEED)
    if name in VISION:
        import torchvision

        return getattr(torchvision.models, name)(weights=None)
    kind, _, size = name.partition("-")
    if size:
        return {"chain": chain, "weights": weights}[kind](int(size))
    return {"digits": Digits, "mlp": mlp}[kind]()


def main(folder):
    names = [*VISION, "mlp", *(f"chain-{layers}" for layers in CHAINS), *(f"weights-{size}" for size in MEGABYTES)]
    for name in names:
        torch.jit.script(build(name).eval()).save(str(Path(folder) / f"{name}.pt"))
    images = numpy.random.default_rng(SEED).integers(0, 256, IMAGES, numpy.uint8)
    numpy.savez(Path(folder) / "images.npz", images=images)


if __name__ == "__main__":
    main(sys.argv[1])
