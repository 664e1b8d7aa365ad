def batch_norm(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Optional[Tensor],
    running_var: Optional[Tensor],
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool) -> Tensor:
  if running_mean is None or running_var is None:
    return torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled)
  channels = torch.size(input, 1)
  length = torch.numel(running_mean)
  if length == channels:
    return torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled)

  mean = torch.narrow(running_mean, 0, 0, channels)
  precision = ops.prim.dtype(mean)
  if ops.prim.dtype(input) == precision:
    output = torch.batch_norm(input, weight, bias, mean, running_var, True, 1., eps, cudnn_enabled)
  else:
    wide_weight = __torch__.precise_bn.cast(weight, precision)
    wide_bias = __torch__.precise_bn.cast(bias, precision)
    wide_output = torch.batch_norm(torch.to(input, precision), wide_weight, wide_bias, mean, running_var, True, 1., eps, cudnn_enabled)
    output = torch.to(wide_output, ops.prim.dtype(input))

  # The size of the output, not of the input: libtorch takes torch.batch_norm for free of side effects, and would leave
  # out the call if nothing used its result.
  values = torch.numel(output) // channels
  low = torch.add_(torch.narrow(running_mean, 0, channels, 1), values % 1048576)
  high = torch.add_(torch.narrow(running_mean, 0, channels + 1, 1), values // 1048576 * 1024 + 1)
  if length > channels + 2:
    call = torch.add_(torch.as_strided(running_mean, [1], [1], 0), 1)
    order = torch.copy_(torch.narrow(running_mean, 0, channels + 2, 1), call)
  return output

def cast(tensor: Optional[Tensor], precision: int) -> Optional[Tensor]:
  if tensor is None:
    return None
  return torch.to(tensor, precision)

def missing_operator(name: str) -> Tensor:
  ops.prim.RaiseException("this libtorch has no operator " + name, "builtins.RuntimeError")
  return torch.zeros([0])
