"""
Architectures for the verb `sweep`. `python3 sweep.py list` names them; `python3 sweep.py FOLDER NAME` writes one there in all forms
that PyTorch has for it, with batches, and with what its BatchNorm layers see where each normalises by its batch: all values, pooled in
float64. How far that is from the same model in float64 tells how much its float32 leaves open.
"""

import copy
import json
import sys
import warnings
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models
from torchvision.models import quantization, segmentation, video
from torchvision.models.detection.backbone_utils import mobilenet_backbone, resnet_fpn_backbone
from torchvision.models.resnet import Bottleneck

from sweep_families import FAMILIES
from sweep_models import LOOKALIKES

warnings.filterwarnings("ignore")

SEED = 1
EPS = 1e-5
BATCH_SIZES = [8, 12, 6]
IMAGE = [3, 64, 64]
VIDEO = [3, 8, 32, 32]


def prepared(build):
    """Quantizable, fused and prepared for training: torch.ao's layers read the statistics themselves."""
    model = build(weights=None, quantize=False)
    model.train()
    model.fuse_model(is_qat=True)
    model.qconfig = torch.ao.quantization.get_default_qat_qconfig("fbgemm")
    model = torch.ao.quantization.prepare_qat(model)
    model(torch.randn(4, *IMAGE))
    return model.apply(torch.ao.quantization.disable_observer)


ARCHITECTURES = {
    "resnet18": (models.resnet18, IMAGE),
    "resnet50": (models.resnet50, IMAGE),
    "resnext (1 block a stage)": (lambda: models.ResNet(Bottleneck, [1, 1, 1, 1], groups=32, width_per_group=4), IMAGE),
    "wide_resnet (1 block a stage)": (lambda: models.ResNet(Bottleneck, [1, 1, 1, 1], width_per_group=128), IMAGE),
    "densenet121": (models.densenet121, IMAGE),
    "densenet (memory efficient)": (lambda: models.DenseNet(8, (2, 2, 2, 2), 16, memory_efficient=True), IMAGE),
    "inception_v3": (lambda: models.inception_v3(init_weights=False), [3, 96, 96]),
    "googlenet": (lambda: models.googlenet(init_weights=False), IMAGE),
    "mobilenet_v2": (models.mobilenet_v2, IMAGE),
    "mobilenet_v3_small": (models.mobilenet_v3_small, IMAGE),
    "mnasnet0_5": (models.mnasnet0_5, IMAGE),
    "shufflenet_v2_x0_5": (models.shufflenet_v2_x0_5, IMAGE),
    "squeezenet1_1": (models.squeezenet1_1, IMAGE),
    "efficientnet_b0": (models.efficientnet_b0, IMAGE),
    "efficientnet_v2_s": (models.efficientnet_v2_s, IMAGE),
    "regnet_y_400mf": (models.regnet_y_400mf, IMAGE),
    "regnet_x_400mf": (models.regnet_x_400mf, IMAGE),
    "vgg11_bn": (lambda: models.vgg11_bn().features, IMAGE),
    "convnext": (lambda: models.ConvNeXt([models.convnext.CNBlockConfig(16, 32, 1), models.convnext.CNBlockConfig(32, None, 1)]), IMAGE),
    "swin": (lambda: models.SwinTransformer([4, 4], 16, [1, 1], [2, 2], [4, 4]), IMAGE),
    "vit": (lambda: models.VisionTransformer(64, 16, 1, 2, 16, 32), IMAGE),
    "maxvit": (lambda: models.MaxVit((64, 64), 16, 2, [16, 32], [1, 1], 16, 0.0), IMAGE),
    "fcn_resnet50": (lambda: segmentation.fcn_resnet50(weights_backbone=None, aux_loss=True), IMAGE),
    "deeplabv3_mobilenet": (lambda: segmentation.deeplabv3_mobilenet_v3_large(weights_backbone=None), IMAGE),
    "lraspp_mobilenet": (lambda: segmentation.lraspp_mobilenet_v3_large(weights_backbone=None), IMAGE),
    "FPN of Faster R-CNN (BatchNorm)": (lambda: resnet_fpn_backbone(backbone_name="resnet18", weights=None, norm_layer=nn.BatchNorm2d), IMAGE),
    "FPN of Faster R-CNN (FrozenBatchNorm)": (lambda: resnet_fpn_backbone(backbone_name="resnet18", weights=None), IMAGE),
    "backbone of SSDlite": (lambda: mobilenet_backbone(backbone_name="mobilenet_v3_large", weights=None, norm_layer=nn.BatchNorm2d, fpn=False), IMAGE),
    "r3d_18": (video.r3d_18, VIDEO),
    "mc3_18": (video.mc3_18, VIDEO),
    "r2plus1d_18": (video.r2plus1d_18, VIDEO),
    "s3d": (lambda: video.s3d().features, [3, 14, 64, 64]),
    "quantizable resnet18": (lambda: quantization.resnet18(weights=None, quantize=False), IMAGE),
    "quantizable mobilenet_v2": (lambda: quantization.mobilenet_v2(weights=None, quantize=False), IMAGE),
    "quantizable shufflenet_v2_x0_5": (lambda: quantization.shufflenet_v2_x0_5(weights=None, quantize=False), IMAGE),
    "resnet18 prepared for QAT": (lambda: prepared(quantization.resnet18), IMAGE),
    "mobilenet_v2 prepared for QAT": (lambda: prepared(quantization.mobilenet_v2), IMAGE),
} | LOOKALIKES | FAMILIES


def disturb(model):
    """Gives statistics that differ from layer to layer, and from those of any batch."""
    for name, buffer in model.named_buffers():
        if name.endswith(("running_mean", "stored_mean")):
            buffer.uniform_(-0.5, 0.5)
        elif name.endswith(("running_var", "stored_var")):
            buffer.uniform_(0.5, 1.5)


def truth(model, batches):
    """Name, count, mean and variance of the values that each BatchNorm with statistics is given; all who call it go through torch.batch_norm."""
    names, values, original = {}, {}, torch.batch_norm
    for name, buffer in model.named_buffers(remove_duplicate=False):
        names.setdefault(buffer.data_ptr(), name.rpartition(".")[0])

    def batch_norm(x, weight, bias, mean, variance, training, momentum, eps, cudnn):
        if mean is None:
            return original(x, weight, bias, mean, variance, training, momentum, eps, cudnn)
        values.setdefault(names[mean.data_ptr()], []).append(x.double().transpose(0, 1).flatten(1))
        return original(x, weight, bias, None, None, True, 0.0, eps, cudnn)

    torch.batch_norm = batch_norm
    try:
        for batch in batches:
            model(batch)
    finally:
        torch.batch_norm = original
    pooled = {name: torch.cat(seen, 1) for name, seen in values.items()}
    return {name: {"count": seen.shape[1], "calls": len(values[name]), "mean": seen.mean(1).tolist(), "var": seen.var(1, unbiased=False).tolist()}
            for name, seen in pooled.items()}


def distance(layers, others):
    """Of means in deviations, of variances relative: the largest of each layer."""
    result = {}
    for name, layer in layers.items():
        mean, other_mean, var, other_var = (torch.tensor(values, dtype=torch.float64) for values in (layer["mean"], others[name]["mean"], layer["var"], others[name]["var"]))
        scale = other_var + EPS
        result[name] = max(((mean - other_mean).abs() / scale.sqrt()).max().item(), ((var - other_var).abs() / scale).max().item())
    return result


def export(model, batch):
    return torch.export.export(model, (batch,), dynamic_shapes=({0: torch.export.Dim("batch", min=2, max=64)},), strict=False)


FORMS = {
    "script.pt": lambda model, batch, path: torch.jit.script(model).save(path),
    "trace.pt": lambda model, batch, path: torch.jit.trace(model, batch, check_trace=False, strict=False).save(path),
    "frozen.pt": lambda model, batch, path: torch.jit.freeze(torch.jit.trace(model, batch, check_trace=False, strict=False), optimize_numerics=False).save(path),
    "export.pt2": lambda model, batch, path: torch.export.save(export(model, batch), path),
    "decomposed.pt2": lambda model, batch, path: torch.export.save(export(model, batch).run_decompositions(), path),
}


def write(folder, name):
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    build, shape = ARCHITECTURES[name]
    folder.mkdir(parents=True, exist_ok=True)
    refused = {}
    with torch.no_grad():
        model = build()
        disturb(model)
        model.eval()
        batches = [torch.randn(size, *shape) + 0.3 for size in BATCH_SIZES]
        numpy.savez(folder / "batches.npz", **{f"batch{i}": batch.numpy() for i, batch in enumerate(batches)})
        layers = truth(copy.deepcopy(model), [batch.clone() for batch in batches])
        try:
            rounding = distance(layers, truth(copy.deepcopy(model).double(), [batch.double() for batch in batches]))
        except RuntimeError:
            # Fake quantization has no float64; it makes much of the last bit of its input.
            rounding = distance(layers, truth(copy.deepcopy(model), [batch * (1 + 2**-22) for batch in batches]))
        for form, save in FORMS.items():
            try:
                save(copy.deepcopy(model), batches[0].clone(), str(folder / form))
            except Exception as error:
                refused[form] = f"{type(error).__name__}: {str(error).strip()[:200]}"
                (folder / form).unlink(missing_ok=True)
    (folder / "expected.json").write_text(json.dumps({"layers": layers, "rounding": rounding, "refused": refused}))


if __name__ == "__main__":
    if sys.argv[1] == "list":
        print(json.dumps(list(ARCHITECTURES)))
    else:
        write(Path(sys.argv[1]), sys.argv[2])
        print("{}")
