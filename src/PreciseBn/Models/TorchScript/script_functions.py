def missing_operator(name: str) -> Tensor:
  ops.prim.RaiseException("this libtorch has no operator " + name, "builtins.RuntimeError")
  return torch.zeros([0])

def named(tensors: List[Tensor], names: Tensor) -> Dict[str, Tensor]:
  found = annotate(Dict[str, Tensor], {})
  name = ""
  at = 0
  for i in range(torch.numel(names)):
    letter = int(torch.select(names, 0, i))
    if letter == 0:
      found[name] = tensors[at]
      at = at + 1
      name = ""
    else:
      name = name + chr(letter)
  return found
