"""The models of the benchmarks. `python3 models.py FOLDER` writes them as TorchScript, in evaluation mode, and images for them."""

import sys
from pathlib import Path

import numpy
import torch
from torch import nn

SEED = 1
IMAGES = (320, 3, 128, 128)
VISION = ["resnet18", "resnet50", "mobilenet_v2", "mobilenet_v3_small", "densenet121", "efficientnet_b0"]
VIDEO = ["r3d_18"]
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


class UNet(nn.Module):
    """Down and up again, with a way across at each size."""

    def __init__(self):
        super().__init__()
        self.down1, self.down2, self.down3, self.down4 = Block(3, 32, 1), Block(32, 64, 1), Block(64, 128, 1), Block(128, 256, 1)
        self.up3, self.up2, self.up1 = Block(256 + 128, 128, 1), Block(128 + 64, 64, 1), Block(64 + 32, 32, 1)
        self.pool = nn.MaxPool2d(2)
        self.grow = nn.Upsample(scale_factor=2)
        self.head = nn.Conv2d(32, 2, 1)

    def forward(self, x):
        x1 = self.down1(x)
        x2 = self.down2(self.pool(x1))
        x3 = self.down3(self.pool(x2))
        x4 = self.down4(self.pool(x3))
        x3 = self.up3(torch.cat([self.grow(x4), x3], 1))
        x2 = self.up2(torch.cat([self.grow(x3), x2], 1))
        return self.head(self.up1(torch.cat([self.grow(x2), x1], 1)))


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
    if name in VIDEO:
        import torchvision

        return getattr(torchvision.models.video, name)(weights=None)
    kind, _, size = name.partition("-")
    if size:
        return {"chain": chain, "weights": weights}[kind](int(size))
    return {"digits": Digits, "mlp": mlp, "unet": UNet}[kind]()


def main(folder):
    names = [*VISION, *VIDEO, "unet", "mlp", *(f"chain-{layers}" for layers in CHAINS), *(f"weights-{size}" for size in MEGABYTES)]
    for name in names:
        torch.jit.script(build(name).eval()).save(str(Path(folder) / f"{name}.pt"))
    images = numpy.random.default_rng(SEED).integers(0, 256, IMAGES, numpy.uint8)
    numpy.savez(Path(folder) / "images.npz", images=images)


if __name__ == "__main__":
    main(sys.argv[1])
