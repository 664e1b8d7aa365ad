"""Normalisations as timm, torchvision and others write them, and decoys. Each stands for one way to call BatchNorm, or not to."""

import torch
import torch.nn.functional as F
from torch import nn


class BatchNormAct(nn.BatchNorm2d):
    """timm: a subclass with a forward of its own, whose activation is part of it."""

    def forward(self, x):
        statistics = (self.running_mean, self.running_var) if not self.training or self.track_running_stats else (None, None)
        return F.relu(F.batch_norm(x, *statistics, self.weight, self.bias, self.training, self.momentum or 0.0, self.eps))


class FrozenBatchNorm(nn.Module):
    """torchvision, detectron2, DETR: arithmetic with buffers of the usual names, and no call."""

    def __init__(self, channels):
        super().__init__()
        for name, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.1), ("running_var", 0.9)):
            self.register_buffer(name, torch.full((channels,), value))

    def forward(self, x):
        scale = self.weight * (self.running_var + 1e-5).rsqrt()
        return x * scale.reshape(1, -1, 1, 1) + (self.bias - self.running_mean * scale).reshape(1, -1, 1, 1)


class EvoNormB0(nn.Module):
    """timm: keeps a running variance, and calls nothing."""

    def __init__(self, channels):
        super().__init__()
        self.v = nn.Parameter(torch.ones(channels))
        self.register_buffer("running_var", torch.full((channels,), 0.8))

    def forward(self, x):
        left = (self.running_var.view(1, -1, 1, 1) + 1e-3).sqrt()
        right = x * self.v.view(1, -1, 1, 1) + (x.var(dim=(2, 3), unbiased=False, keepdim=True) + 1e-3).sqrt()
        return x / torch.maximum(left, right)


class GhostBatchNorm(nn.Module):
    """TabNet, timm's adversarial training: one layer, called for each part of a batch."""

    def __init__(self, channels):
        super().__init__()
        self.bn = nn.BatchNorm1d(channels)

    def forward(self, x):
        first, second = x.chunk(2, 0)
        return torch.cat([self.bn(first), self.bn(second)], 0)


class StdConv(nn.Conv2d):
    """timm's NFNet and BiT: weights are standardised by a batch_norm without statistics."""

    def forward(self, x):
        weight = F.batch_norm(self.weight.reshape(1, self.out_channels, -1), None, None, training=True, momentum=0.0, eps=1e-6)
        return F.conv2d(x, weight.reshape_as(self.weight), self.bias, self.stride, self.padding)


class StoredStatistics(nn.Module):
    """BigGAN: statistics under other names, gain and bias from a condition."""

    def __init__(self, channels, condition):
        super().__init__()
        self.gain, self.shift = nn.Linear(condition, channels), nn.Linear(condition, channels)
        self.register_buffer("stored_mean", torch.zeros(channels))
        self.register_buffer("stored_var", torch.ones(channels))

    def forward(self, x, y):
        x = F.batch_norm(x, self.stored_mean, self.stored_var, None, None, self.training, 0.1, 1e-4)
        return x * (1 + self.gain(y))[:, :, None, None] + self.shift(y)[:, :, None, None]


class BlurPool(nn.Module):
    def __init__(self, channels):
        super().__init__()
        filters = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("filters", (filters[:, None] * filters / 16).expand(channels, 1, 3, 3).contiguous())

    def forward(self, x):
        return F.conv2d(F.pad(x, [1, 1, 1, 1], mode="reflect"), self.filters, stride=2, groups=x.shape[1])


def conv(inputs, outputs, size=3, stride=1, groups=1, norm=nn.BatchNorm2d, act=nn.ReLU):
    return nn.Sequential(nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False), norm(outputs), act())


class RepVgg(nn.Module):
    """Three branches, one of which is nothing but a BatchNorm."""

    def __init__(self, channels):
        super().__init__()
        self.dense, self.point, self.same = conv(channels, channels, act=nn.Identity), conv(channels, channels, 1, act=nn.Identity), nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(self.dense(x) + self.point(x) + self.same(x))
