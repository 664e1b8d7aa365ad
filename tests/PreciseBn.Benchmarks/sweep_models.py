"""Networks as timm, Hugging Face and others write them, small."""

import torch
import torch.nn.functional as F
from torch import nn

from sweep_norms import BatchNormAct, BlurPool, EvoNormB0, FrozenBatchNorm, GhostBatchNorm, RepVgg, StdConv, StoredStatistics, conv


class LinearNorm(nn.Module):
    """LeViT: a BatchNorm1d over tokens that are flattened into the batch."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.c, self.bn = nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs)

    def forward(self, x):
        x = self.c(x)
        return self.bn(x.flatten(0, 1)).reshape_as(x)


class LeVit(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv(3, 8, stride=2, act=nn.Hardswish), conv(8, 16, stride=2, act=nn.Hardswish))
        self.qkv, self.out, self.head = LinearNorm(16, 48), LinearNorm(16, 16), nn.BatchNorm1d(16)

    def forward(self, x):
        x = self.stem(x).flatten(2).transpose(1, 2)
        q, k, v = self.qkv(x).chunk(3, -1)
        x = x + self.out((q @ k.transpose(1, 2) / 4).softmax(-1) @ v)
        return self.head(x.mean(1))


class MobileVit(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.mix = conv(3, 16, stride=2, act=nn.SiLU), conv(16, 16, act=nn.SiLU)
        self.body = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, 0.0, batch_first=True), 1, enable_nested_tensor=False)
        self.out = conv(32, 16, act=nn.SiLU)

    def forward(self, x):
        x = self.stem(x)
        n, c, h, w = x.shape
        y = self.body(self.mix(x).flatten(2).transpose(1, 2)).transpose(1, 2).reshape(n, c, h, w)
        return self.out(torch.cat([x, y], 1))


class Conformer(nn.Module):
    """Speech: a gated convolution with a BatchNorm1d over time, masked."""

    def __init__(self):
        super().__init__()
        self.norm, self.point, self.depth = nn.LayerNorm(12), nn.Conv1d(12, 24, 1), nn.Conv1d(12, 12, 5, padding=2, groups=12)
        self.batch_norm, self.out = nn.BatchNorm1d(12), nn.Conv1d(12, 12, 1)

    def forward(self, x):
        y = F.glu(self.point(self.norm(x).transpose(1, 2)), 1)
        return x + self.out(F.silu(self.batch_norm(self.depth(y)))).transpose(1, 2)


class Wav2Vec(nn.Module):
    """GroupNorm and weight_norm: no BatchNorm at all."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv1d(1, 8, 10, 5), nn.GroupNorm(8, 8)
        self.pos = nn.utils.parametrizations.weight_norm(nn.Conv1d(8, 8, 4, padding=2, groups=2), dim=2)

    def forward(self, x):
        return F.gelu(self.pos(F.gelu(self.norm(self.conv(x)))))


class Graph(nn.Module):
    """PyTorch Geometric: a BatchNorm that holds another, and a GraphNorm, which is arithmetic."""

    class BatchNorm(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.module = nn.BatchNorm1d(channels)

        def forward(self, x):
            return self.module(x)

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.second, self.last = nn.Linear(6, 8), Graph.BatchNorm(8), nn.Linear(8, 8), nn.BatchNorm1d(8)
        self.scale = nn.Parameter(torch.ones(8))

    def forward(self, x):
        x = F.relu(self.norm(self.first(x + torch.roll(x, 1, 0))))
        centred = x - x.mean(0, keepdim=True) * self.scale
        return self.last(self.second(centred / (centred.pow(2).mean(0, keepdim=True) + 1e-5).sqrt()))


class PointNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.b1, self.f1, self.b2, self.t = nn.Conv1d(3, 16, 1), nn.BatchNorm1d(16), nn.Linear(16, 8), nn.BatchNorm1d(8), nn.Linear(8, 9)
        self.c2, self.b3 = nn.Conv1d(3, 16, 1), nn.BatchNorm1d(16)

    def forward(self, x):
        t = F.relu(self.b2(self.f1(F.relu(self.b1(self.c1(x))).amax(2))))
        t = self.t(t).view(-1, 3, 3) + torch.eye(3)
        return self.b3(self.c2(torch.bmm(x.transpose(1, 2), t).transpose(1, 2))).amax(2)


class Crnn(nn.Module):
    """One layer under two names, a recurrent layer, and a BatchNorm of its last step."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, 8, 3, 2, 1), nn.BatchNorm2d(8)
        self.layer0, self.rnn, self.head = nn.Sequential(self.conv1, self.bn1, nn.ReLU()), nn.LSTM(64, 16, bidirectional=True, batch_first=True), nn.BatchNorm1d(32)

    def forward(self, x):
        x = self.layer0(x)
        return self.head(self.rnn(x.permute(0, 3, 1, 2).flatten(2))[0][:, -1])


class Siamese(nn.Module):
    """One network for two inputs."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv(3, 8), conv(8, 8))

    def forward(self, x):
        return (self.body(x) - self.body(x.flip(0))).abs().mean((1, 2, 3))


class Domains(nn.Module):
    """A layer for each domain, one of which is used."""

    def __init__(self):
        super().__init__()
        self.first, self.norms = nn.Conv2d(3, 8, 3), nn.ModuleList([nn.BatchNorm2d(8) for _ in range(3)])
        self.domain = 1

    def forward(self, x):
        x = self.first(x)
        for index, norm in enumerate(self.norms):
            if index == self.domain:
                x = norm(x)
        return x


class Teacher(nn.Module):
    """A student and a frozen copy of it that runs beside it."""

    def __init__(self):
        super().__init__()
        self.student, self.teacher = nn.Sequential(conv(3, 8), conv(8, 8)), nn.Sequential(conv(3, 8), conv(8, 8))
        self.teacher.requires_grad_(False)

    def forward(self, x):
        with torch.no_grad():
            target = self.teacher(x)
        return F.mse_loss(self.student(x), target, reduction="none").mean((1, 2, 3))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.d1, self.d2 = conv(3, 8), conv(8, 16, stride=2)
        self.up, self.norm, self.out = nn.ConvTranspose2d(16, 8, 2, 2), nn.BatchNorm2d(8), conv(16, 8)

    def forward(self, x):
        first = self.d1(x)
        return self.out(torch.cat([first, F.relu(self.norm(self.up(self.d2(first))))], 1))


class Gan(nn.Module):
    def __init__(self):
        super().__init__()
        self.start, self.norm, self.up = nn.Linear(8, 128), StoredStatistics(8, 8), nn.ConvTranspose2d(8, 8, 4, 2, 1)
        self.last = nn.BatchNorm2d(8)

    def forward(self, z):
        x = self.norm(self.start(z).view(-1, 8, 4, 4), z)
        return torch.tanh(self.last(self.up(F.relu(x))))


def decoys():
    return nn.Sequential(
        conv(3, 8), nn.Conv2d(8, 8, 3, padding=1), nn.InstanceNorm2d(8, affine=True, track_running_stats=True), nn.Conv2d(8, 8, 3, padding=1),
        nn.GroupNorm(2, 8), EvoNormB0(8), FrozenBatchNorm(8), nn.LocalResponseNorm(3), conv(8, 8), nn.BatchNorm2d(8, track_running_stats=False))


LOOKALIKES = {
    "BatchNormAct and BlurPool (timm)": (lambda: nn.Sequential(conv(3, 8, norm=BatchNormAct), BlurPool(8), conv(8, 8, norm=BatchNormAct)), [3, 32, 32]),
    "RepVGG": (lambda: nn.Sequential(conv(3, 8), RepVgg(8), RepVgg(8)), [3, 24, 24]),
    "NFNet and BiT (StdConv)": (lambda: nn.Sequential(StdConv(3, 8, 3), nn.ReLU(), StdConv(8, 8, 3), nn.BatchNorm2d(8)), [3, 24, 24]),
    "ghost batches (TabNet)": (lambda: nn.Sequential(nn.Linear(6, 8), GhostBatchNorm(8), nn.ReLU(), nn.Linear(8, 8), nn.BatchNorm1d(8)), [6]),
    "decoys: Instance- and GroupNorm and others": (decoys, [3, 24, 24]),
    "LeViT": (LeVit, [3, 32, 32]),
    "MobileViT": (MobileVit, [3, 16, 16]),
    "Conformer (speech)": (Conformer, [20, 12]),
    "wav2vec 2.0": (Wav2Vec, [1, 200]),
    "graph network (PyG)": (Graph, [6]),
    "PointNet": (PointNet, [3, 30]),
    "CRNN": (Crnn, [1, 16, 20]),
    "Siamese": (Siamese, [3, 16, 16]),
    "domain layers": (Domains, [3, 16, 16]),
    "student and teacher": (Teacher, [3, 16, 16]),
    "U-Net": (UNet, [3, 16, 16]),
    "BigGAN": (Gan, [8]),
    "DCGAN": (lambda: nn.Sequential(nn.ConvTranspose2d(8, 16, 4), nn.BatchNorm2d(16), nn.ReLU(True), nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.ReLU(True)), [8, 1, 1]),
    "MLP in place": (lambda: nn.Sequential(nn.ReLU(inplace=True), nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(inplace=True), nn.Linear(16, 8), nn.BatchNorm1d(8)), [6]),
}
