# Compiled with a model that is observed; every torch.batch_norm of the model goes through batch_norm here. What it
# does with a layer stands in the lengths of the layer's buffers, C being its number of channels:
#
#   running_mean   running_var   what
#   C              C             nothing: the layer works as it was saved
#   C              C + 1         normalise by these statistics, whatever the mode
#   C + 3 or 4     C or more     observe: leave the statistics of the batch in the first C elements
#
# When observed, elements C and C + 1 of running_mean count values and calls (ObservationLayout), and element C + 2 is 1: a tensor
# is added to another in half the time that a number takes. With C + 4 the layer also notes the number of its call, counted in
# the first element of the tensor that running_mean is a part of. A running_var of C + 2 pools the calls of one forward pass; one
# of 2 C + 3, or pooled 2 C + 4, holds means from element C on, from which those that are left are counted. The usual case is kept
# short, as each operation counts in small models.

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
  extra = torch.numel(running_var) - channels
  if length == channels:
    if extra == 0:
      return torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled)
    settled_var = torch.narrow(running_var, 0, 0, channels)
    return torch.batch_norm(input, weight, bias, running_mean, settled_var, False, 0., eps, cudnn_enabled)

  if extra == 0 and length == channels + 3 and input.dtype == running_mean.dtype:
    mean, low, high, one = torch.split_with_sizes(running_mean, [channels, 1, 1, 1])
    output = torch.batch_norm(input, weight, bias, mean, running_var, True, 1., eps, cudnn_enabled)
  else:
    output = __torch__.precise_bn.observe(input, weight, bias, running_mean, running_var, eps, cudnn_enabled)
    low = torch.narrow(running_mean, 0, channels, 1)
    high = torch.narrow(running_mean, 0, channels + 1, 1)
    one = torch.narrow(running_mean, 0, channels + 2, 1)

  # The size of the output, not of the input: libtorch takes torch.batch_norm for free of side effects, and would leave
  # out the call if nothing used its result.
  values = torch.numel(output) // channels
  if extra == 2 or extra == channels + 4:
    pooled = __torch__.precise_bn.count_pooled(running_mean, channels, values)
  else:
    counted = torch.add_(low, one, alpha=values % 2097152 + 2097152)
    if values >= 2097152:
      counted = torch.add_(high, one, alpha=values // 2097152 * 1024)
  if length > channels + 3:
    call = torch.add_(torch.as_strided(running_mean, [1], [1], 0), one)
    order = torch.copy_(torch.narrow(running_mean, 0, channels + 3, 1), call)
  return output

def count_pooled(running_mean: Tensor,
    channels: int,
    values: int) -> Tensor:
  low = torch.narrow(running_mean, 0, channels, 1)
  high = torch.narrow(running_mean, 0, channels + 1, 1)
  sum = torch.add_(low, values % 2097152)
  carry = torch.floor(torch.div(low, 2097152))
  rest = torch.sub_(low, torch.mul(carry, 2097152))
  return torch.add_(high, torch.add(torch.mul(carry, 1024), values // 2097152 * 1024 + 1))

def observe(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Tensor,
    running_var: Tensor,
    eps: float,
    cudnn_enabled: bool) -> Tensor:
  channels = torch.size(input, 1)
  extra = torch.numel(running_var) - channels
  mean = torch.narrow(running_mean, 0, 0, channels)
  var = torch.narrow(running_var, 0, 0, channels)
  precision = mean.dtype
  wide_weight = __torch__.precise_bn.cast(weight, precision)
  wide_bias = __torch__.precise_bn.cast(bias, precision)
  centred = torch.to(input, precision)
  if extra > channels + 2:
    shape = [1, channels]
    for _ in range(torch.dim(input) - 2):
      shape.append(1)
    centred = torch.sub(centred, torch.reshape(torch.narrow(running_var, 0, channels, channels), shape))

  is_pooled = extra == 2 or extra == channels + 4
  earlier_mean = torch.clone(mean)
  earlier_var = torch.clone(var)
  output = torch.batch_norm(centred, wide_weight, wide_bias, mean, var, True, 1., eps, cudnn_enabled)
  if is_pooled:
    low = torch.narrow(running_mean, 0, channels, 1)
    high = torch.narrow(running_mean, 0, channels + 1, 1)
    earlier = torch.add(low, torch.mul(torch.floor(torch.div(high, 1024)), 2097152))
    values = torch.numel(output) // channels
    total = torch.add(earlier, values)
    delta = torch.sub(mean, earlier_mean)
    squares = torch.mul(earlier_var, torch.clamp_min(torch.sub(earlier, 1), 0))
    squares = torch.add(squares, torch.mul(torch.nan_to_num(var, 0.), max(values - 1, 0)))
    squares = torch.add(squares, torch.mul(torch.mul(delta, delta), torch.div(torch.mul(earlier, values), total)))
    pooled_mean = torch.copy_(mean, torch.add(earlier_mean, torch.mul(delta, torch.div(values, total))))
    pooled_var = torch.copy_(var, torch.div(squares, torch.clamp_min(torch.sub(total, 1), 1)))
  return torch.to(output, input.dtype)

def cast(tensor: Optional[Tensor], precision: int) -> Optional[Tensor]:
  if tensor is None:
    return None
  return torch.to(tensor, precision)
