"""Architectures of torchvision. `python3 architectures.py FOLDER` writes each as TorchScript and as an exported program."""

import json
import sys
from pathlib import Path

import torch
from torchvision import models

SEED = 1
WARM_UP = 3
IMAGES = [8, 3, 64, 64]
LARGER_IMAGES = [8, 3, 128, 128]
VIDEOS = [4, 3, 8, 64, 64]

ARCHITECTURES = {
    "resnet18": (lambda: models.resnet18(), IMAGES),
    "resnet50": (lambda: models.resnet50(), IMAGES),
    "mobilenet_v2": (lambda: models.mobilenet_v2(), IMAGES),
    "mobilenet_v3_small": (lambda: models.mobilenet_v3_small(), IMAGES),
    "densenet121": (lambda: models.densenet121(), IMAGES),
    "googlenet": (lambda: models.googlenet(init_weights=True, aux_logits=False), IMAGES),
    "shufflenet_v2_x1_0": (lambda: models.shufflenet_v2_x1_0(), IMAGES),
    "efficientnet_b0": (lambda: models.efficientnet_b0(), IMAGES),
    "r3d_18": (lambda: models.video.r3d_18(), VIDEOS),
    "fcn_resnet50": (lambda: models.segmentation.fcn_resnet50(weights_backbone=None), IMAGES),
    "inception_v3": (lambda: models.inception_v3(init_weights=True, aux_logits=False), LARGER_IMAGES),
    "regnet_y_400mf": (lambda: models.regnet_y_400mf(), IMAGES),
}


def main(folder):
    batch = torch.export.Dim("batch", min=2, max=512)
    for name, (build, shape) in ARCHITECTURES.items():
        torch.manual_seed(SEED)
        model = build()
        with torch.no_grad():
            for _ in range(WARM_UP):
                model(torch.randn(shape))
        model.eval()
        torch.jit.script(model).save(str(Path(folder) / f"{name}.pt"))
        program = torch.export.export(model, (torch.randn(shape),), dynamic_shapes=({0: batch},))
        torch.export.save(program, str(Path(folder) / f"{name}.pt2"))
    shapes = {name: shape for name, (_, shape) in ARCHITECTURES.items()}
    (Path(folder) / "architectures.json").write_text(json.dumps(shapes))


if __name__ == "__main__":
    main(sys.argv[1])
