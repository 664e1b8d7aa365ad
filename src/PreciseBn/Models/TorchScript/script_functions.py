def missing_operator(name: str) -> Tensor:
  ops.prim.RaiseException("this libtorch has no operator " + name, "builtins.RuntimeError")
  return torch.zeros([0])

def told(tensor: Optional[Tensor]) -> Tensor:
  if tensor is None:
    return torch.zeros([0])
  return tensor

def restored(tensor: Tensor) -> Optional[Tensor]:
  if torch.numel(tensor) == 0:
    return None
  return torch.clone(tensor)

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

def entry(entries: Dict[str, Tensor], name: Optional[str]) -> Tensor:
  names = ""
  for key in entries.keys():
    if name is None:
      if len(entries) == 1:
        return entries[key]
    elif key == name:
      return entries[key]
    if len(names) > 0:
      names = names + ", "
    names = names + "'" + key + "'"
  ops.prim.RaiseException("precise_bn_entries: " + names, "builtins.KeyError")
  return torch.zeros([0])
