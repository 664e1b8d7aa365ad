"""The side of the benchmarks that runs in Python: what a user of PyTorch and fvcore does.

peer.py find [PRECISE_BN]          tells whether fvcore is there
peer.py serve [PRECISE_BN]         runs update_bn_stats in turns; requests and answers are JSON, a line each
peer.py load MODEL...              loads TorchScript models
peer.py update NAME MODEL DATA BATCH OUTPUT [PRECISE_BN]   recomputes the statistics of a model, as the module does
peer.py images FOLDER WORKERS BATCH                        reads a folder of images

PRECISE_BN is the file precise_bn.py of fvcore, where fvcore is not installed.
"""

import importlib.util
import json
import resource
import sys
import time

SHORTEST_TURN = 0.1  # second; small batches come some at a time


def main(command, *arguments):
    {"find": find, "serve": serve, "load": load, "update": update, "images": images}[command](*arguments)


def update_bn_stats(file=None):
    """The function of fvcore, from that file or from the package."""
    if file is None:
        from fvcore.nn.precise_bn import update_bn_stats as function

        return function
    spec = importlib.util.spec_from_file_location("precise_bn", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.update_bn_stats


def find(precise_bn=None):
    try:
        update_bn_stats(precise_bn)
    except ImportError:
        tell({"found": False})
    else:
        tell({"found": True})


def eager(name, path):
    """A model in training mode, with the weights of a saved one; fvcore finds no layers in TorchScript."""
    import torch
    from models import build

    model = build(name)
    model.load_state_dict(torch.jit.load(path).state_dict())
    return model.train()


def serve(precise_bn=None):
    import torch

    function = update_bn_stats(precise_bn)
    for line in sys.stdin:
        request = json.loads(line)
        torch.set_num_threads(request["threads"])
        model = eager(request["model"], request["path"])
        with open(request["batches"], "rb") as file:
            batches = torch.frombuffer(bytearray(file.read()), dtype=torch.float32).reshape(request["shape"])
        tell({})
        sys.stdin.readline()
        time_batches(function, model, batches, request["iterations"])


def time_batches(function, model, batches, count):
    """Tells the seconds of each batch, those of a turn at once, and waits for the next turn.

    A batch ends when the next is asked for, the last with the function.
    """
    turn = []
    start = 0.0

    def end_batch():
        turn.append(time.perf_counter() - start)

    def repeated():
        nonlocal start
        for i in range(count):
            if i > 0:
                end_batch()
            if sum(turn) >= SHORTEST_TURN:
                tell({"seconds": turn})
                turn.clear()
                sys.stdin.readline()
            start = time.perf_counter()
            yield batches[i % len(batches)]

    function(model, repeated(), count)
    end_batch()
    tell({"seconds": turn, "end": 0.0})


def tell(answer):
    print(json.dumps(answer), flush=True)


def load(*paths):
    import torch

    for path in paths:
        torch.jit.load(path)
    tell_memory()


def update(name, path, data, batch, output, precise_bn=None):
    import numpy
    import torch

    images = torch.from_numpy(numpy.load(data)["images"])
    if images.dim() == 3:
        images = images.unsqueeze(1)
    batches = [part.float().div(255).sub(0.1307).div(0.3081) for part in images.split(int(batch))]
    model = eager(name, path)
    update_bn_stats(precise_bn)(model, batches, len(batches))
    torch.save(model.state_dict(), output)
    tell_memory()


def images(folder, workers, batch):
    from torch.utils.data import DataLoader
    from torchvision import datasets, transforms

    prepare = transforms.Compose([
        transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])
    start, processor = time.perf_counter(), processor_seconds()
    for _ in DataLoader(datasets.ImageFolder(folder, prepare), batch_size=int(batch), num_workers=int(workers)):
        pass
    tell({"seconds": time.perf_counter() - start, "processor": processor_seconds() - processor})


def processor_seconds():
    """Those of this process, and of the workers that have ended."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in usage)


def tell_memory():
    """The peak, in bytes."""
    tell({"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024})


if __name__ == "__main__":
    main(*sys.argv[1:])
