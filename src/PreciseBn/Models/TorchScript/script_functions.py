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

def told_list(tensors: List[Tensor]) -> List[Tensor]:
  told = [torch.tensor(len(tensors))]
  for i in range(len(tensors)):
    told.append(tensors[i])
  return told

def restored_list(state: List[Tensor], at: int) -> Tuple[List[Tensor], int]:
  tensors = annotate(List[Tensor], [])
  count = int(state[at])
  for i in range(count):
    tensors.append(torch.clone(state[at + 1 + i]))
  return (tensors, at + 1 + count)

def told_entries(entries: Dict[str, Tensor]) -> List[Tensor]:
  letters = annotate(List[int], [])
  tensors = annotate(List[Tensor], [])
  for name in entries.keys():
    for i in range(len(name)):
      letters.append(ord(name[i]))
    letters.append(0)
    tensors.append(entries[name])
  return torch.add([torch.tensor(letters, dtype=4)], __torch__.precise_bn.told_list(tensors))

def restored_entries(state: List[Tensor], at: int) -> Tuple[Dict[str, Tensor], int]:
  tensors, end = __torch__.precise_bn.restored_list(state, at + 1)
  return (__torch__.precise_bn.named(tensors, state[at]), end)

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
