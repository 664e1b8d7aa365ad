"""More families of networks for the sweep, small: as timm, Hugging Face, NeMo, SpeechBrain and others write them."""

import torch
import torch.nn.functional as F
from torch import nn

from sweep_norms import conv


class Ghost(nn.Module):
    """GhostNet: half of the channels are made of the other half."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.primary, self.cheap = conv(inputs, outputs // 2), conv(outputs // 2, outputs // 2)

    def forward(self, x):
        x = self.primary(x)
        return torch.cat([x, self.cheap(x)], 1)


class HighResolution(nn.Module):
    """HRNet: branches of several resolutions that exchange what they have."""

    def __init__(self):
        super().__init__()
        self.stem, self.down, self.fuse = conv(3, 8), conv(8, 16, stride=2), nn.ModuleList([conv(16, 8), conv(8, 16, stride=2)])

    def forward(self, x):
        high = self.stem(x)
        low = self.down(high)
        return (high + F.interpolate(self.fuse[0](low), scale_factor=2.0, mode="nearest")).mean((2, 3)), (low + self.fuse[1](high)).mean((2, 3))


class Res2(nn.Module):
    """Res2Net: a hierarchy of convolutions in one layer, each with its own norm."""

    def __init__(self):
        super().__init__()
        self.start, self.end = conv(3, 16), conv(16, 16)
        self.convs, self.bns = nn.ModuleList([nn.Conv2d(4, 4, 3, padding=1) for _ in range(3)]), nn.ModuleList([nn.BatchNorm2d(4) for _ in range(3)])

    def forward(self, x):
        parts = torch.split(self.start(x), 4, 1)
        y, seen = parts[0], [parts[0]]
        for index, (convolution, bn) in enumerate(zip(self.convs, self.bns)):
            y = F.relu(bn(convolution(y + parts[index + 1])))
            seen.append(y)
        return self.end(torch.cat(seen, 1))


class CspDetector(nn.Module):
    """YOLO: partial stages, spatial pyramid pooling, and a head for each scale."""

    def __init__(self):
        super().__init__()
        self.stem, self.left, self.right, self.merge = conv(3, 8, stride=2, act=nn.SiLU), conv(8, 8, act=nn.SiLU), conv(8, 8, act=nn.SiLU), conv(16, 16, act=nn.SiLU)
        self.pool, self.neck = nn.MaxPool2d(5, 1, 2), conv(48, 16, act=nn.SiLU)
        self.heads = nn.ModuleList([nn.Sequential(conv(16, 16, act=nn.SiLU), nn.Conv2d(16, 18, 1)) for _ in range(2)])

    def forward(self, x):
        x = self.stem(x)
        x = self.merge(torch.cat([self.left(x), self.right(x)], 1))
        first = self.pool(x)
        x = self.neck(torch.cat([x, first, self.pool(first)], 1))
        return [head(x).unflatten(1, (3, 6)).permute(0, 1, 3, 4, 2).contiguous() for head in self.heads]


class MaskedSpeech(nn.Module):
    """QuartzNet: separable convolutions over time, masked behind the end of what is spoken."""

    def __init__(self):
        super().__init__()
        self.depth, self.point = nn.Conv1d(12, 12, 5, padding=2, groups=12), nn.Conv1d(12, 16, 1)
        self.bn, self.skip = nn.BatchNorm1d(16, eps=1e-3, momentum=0.1), nn.Sequential(nn.Conv1d(12, 16, 1), nn.BatchNorm1d(16, eps=1e-3))

    def forward(self, x):
        mask = torch.arange(x.shape[2])[None, None] < 15
        return F.relu(self.bn(self.point(self.depth(x * mask) * mask)) + self.skip(x * mask))


class SpeakerVectors(nn.Module):
    """x-vectors and ECAPA-TDNN: dilated layers, squeeze and excitation, mean and deviation over time."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Sequential(nn.Conv1d(8, 8, 3, dilation=d, padding=d), nn.ReLU(), nn.BatchNorm1d(8)) for d in (1, 2, 3)])
        self.squeeze, self.norm, self.out, self.last = nn.Linear(8, 8), nn.BatchNorm1d(48), nn.Linear(48, 8), nn.BatchNorm1d(8, affine=False)

    def forward(self, x):
        seen = []
        for layer in self.layers:
            x = layer(x) * torch.sigmoid(self.squeeze(x.mean(2))).unsqueeze(2) + x
            seen.append(x)
        x = torch.cat(seen, 1)
        return self.last(self.out(self.norm(torch.cat([x.mean(2), x.std(2)], 1))))


class PostNet(nn.Module):
    """Tacotron 2: a list of convolutions and norms, the last without an activation."""

    def __init__(self):
        super().__init__()
        sizes = [8, 16, 16, 8]
        self.convolutions = nn.ModuleList([nn.Sequential(nn.Conv1d(a, b, 5, padding=2), nn.BatchNorm1d(b)) for a, b in zip(sizes, sizes[1:])])

    def forward(self, x):
        for index, layer in enumerate(self.convolutions):
            x = layer(x) if index == len(self.convolutions) - 1 else torch.tanh(layer(x))
        return x


class Eeg(nn.Module):
    """EEGNet: convolutions over time, over electrodes, and separable ones."""

    def __init__(self):
        super().__init__()
        self.time, self.b1 = nn.Conv2d(1, 4, (1, 9), padding=(0, 4), bias=False), nn.BatchNorm2d(4, momentum=0.01, eps=1e-3)
        self.space, self.b2 = nn.Conv2d(4, 8, (6, 1), groups=4, bias=False), nn.BatchNorm2d(8, momentum=0.01, eps=1e-3)

    def forward(self, x):
        return F.avg_pool2d(F.elu(self.b2(self.space(self.b1(self.time(x))))), (1, 4))


class SlowFast(nn.Module):
    """Two pathways of other frame rates, with a lateral connection."""

    def __init__(self):
        super().__init__()
        def layer(inputs, outputs):
            return nn.Sequential(nn.Conv3d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm3d(outputs), nn.ReLU(inplace=True))
        self.slow, self.fast, self.lateral, self.last = layer(3, 8), layer(3, 4), nn.Conv3d(4, 8, (4, 1, 1), (4, 1, 1)), layer(8, 8)

    def forward(self, x):
        return self.last(self.slow(x[:, :, ::4]) + self.lateral(self.fast(x)))


class Tabular(nn.Module):
    """A residual network for tables, with a BatchNorm over the features as they come."""

    def __init__(self):
        super().__init__()
        self.start, self.first = nn.BatchNorm1d(10), nn.Linear(10, 16)
        self.blocks = nn.ModuleList([nn.Sequential(nn.BatchNorm1d(16), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16)) for _ in range(2)])
        self.last = nn.Sequential(nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, x):
        x = self.first(self.start(x))
        for block in self.blocks:
            x = x + block(x)
        return self.last(x)


FAMILIES = {
    "GhostNet": (lambda: nn.Sequential(Ghost(3, 8), Ghost(8, 8)), [3, 24, 24]),
    "HRNet": (HighResolution, [3, 24, 24]),
    "Res2Net": (Res2, [3, 24, 24]),
    "CSP and SPP (YOLO)": (CspDetector, [3, 32, 32]),
    "QuartzNet (speech)": (MaskedSpeech, [12, 20]),
    "ECAPA-TDNN (speakers)": (SpeakerVectors, [8, 20]),
    "Tacotron 2 (postnet)": (PostNet, [8, 20]),
    "EEGNet": (Eeg, [1, 6, 32]),
    "SlowFast": (SlowFast, [3, 8, 16, 16]),
    "ResNet for tables": (Tabular, [10]),
}
