# Compiled with a model that is observed; every torch.batch_norm of the model goes through a function here. Names in capitals
# are numbers that are filled in.
#
# The running statistics of a layer that is observed keep shape and values, so that whoever else reads them finds what a model
# in evaluation finds. What tells such a layer is the stride of the last dimension: hardly a tensor of a file has one of these.
#
#   OBSERVED   leave the statistics of the batch in the cells of the layer, in the usual case: one call, of the usual type
#   STUDIED    the same in all cases: count from other means, pool several calls, note the order of calls
#   SETTLED    normalise by these statistics, whatever the mode
#   CHECKED    both: leave the statistics of the batch as a studied layer does, and normalise by these
#   LAST       leave them as a studied layer does, and end the run: nothing behind it is asked for
#   AS_SAVED   nothing
#
# A call says which layers it is given, so that none goes unseen, or "*" if not all of them are observed. If it says nothing, it may be given
# others with such a stride, as columns of tables have: before ours stand a signature, less their number, and the layer's number.
#
# The cells lie at the start of the storage that the statistics are in (StatisticsLayout): one that counts calls, those for means
# and for variances, and as many with the means from which those of the batch are counted. The statistics themselves begin
# behind them, PITCH numbers apart, in the same order, so that the place of the one tells the place of the other. Behind the C
# means of a layer are the cells that count (ObservationLayout); the first is for values, the second is 1. The usual case is kept short.
# A layer may have a piece of a vector. The stride of such a vector is PITCH more than the mark, and behind the first number of a piece stand
# two that tell the place of its cells.
# Layers with a mark are never computed by cuDNN, the last argument of torch.batch_norm: it copies views that are not contiguous.

def batch_norm(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Optional[Tensor],
    running_var: Optional[Tensor],
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
    layers: str="") -> Tensor:
  if running_mean is None or running_var is None or (layers == "" and not __torch__.precise_bn.are_ours(running_mean, running_var)):
    return torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled)
  channels = torch.size(input, 1)
  if (torch.stride(running_mean, -1) != OBSERVED or input.dtype != PRECISION or torch.numel(running_mean) != channels
      or torch.storage_offset(running_var) - torch.storage_offset(running_mean) != APART):
    return __torch__.precise_bn.otherwise(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled, layers)
  first = torch.storage_offset(running_mean) // PITCH - ORIGIN
  cells = torch.as_strided(running_mean, [TO_VARIANCE + channels], [1], first)
  mean, low, one, rest, var = torch.split_with_sizes(cells, [channels, 1, 1, TO_VARIANCE - channels - 2, channels])
  output = __torch__.precise_bn.normalise(input, weight, bias, mean, var, eps)
  # The size of the output, not of the input: libtorch takes torch.batch_norm for free of side effects, and would leave
  # out the call if nothing used its result.
  values = torch.numel(output) // channels
  if values > 0:
    counted = torch.add_(low, one, alpha=values % MODULUS + MODULUS)
    if values >= MODULUS:
      counted = torch.add_(torch.narrow(rest, 0, HIGH - 2, 1), one, alpha=values // MODULUS)
  return output

def otherwise(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Tensor,
    running_var: Tensor,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
    layers: str) -> Tensor:
  mark = __torch__.precise_bn.mark_of(running_mean)
  assert layers == "" or layers == "*" or mark >= OBSERVED, "precise_bn: BatchNorm is given other statistics than those that the file has for " + layers
  if mark == AS_SAVED and input.dtype != running_mean.dtype:
    return __torch__.precise_bn.as_saved(input, weight, bias, running_mean, running_var, training, momentum, eps)
  if mark < OBSERVED or mark > LAST or torch.numel(running_mean) != torch.size(input, 1):
    return torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled)
  # Numbers of a card are waited for: they are only asked for where the places do not tell.
  assert (torch.storage_offset(running_var) - torch.storage_offset(running_mean) == APART
      or __torch__.precise_bn.are_ours(running_mean, running_var)), "precise_bn: BatchNorm is given the mean of one layer with the variance of another"
  if mark == SETTLED or torch.numel(input) == 0:
    return __torch__.precise_bn.settled(input, weight, bias, running_mean, running_var, eps)
  output = __torch__.precise_bn.observe(input, weight, bias, running_mean, running_var, eps)
  if mark == CHECKED:
    return __torch__.precise_bn.settled(input, weight, bias, running_mean, running_var, eps)
  assert mark != LAST, "precise_bn has seen what it was to see"
  return output

# Statistics may be in a wider format here than in the file, and libtorch does not compute with these and weights of another.
def as_saved(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Tensor,
    running_var: Tensor,
    training: bool,
    momentum: float,
    eps: float) -> Tensor:
  precision = running_mean.dtype
  wide_weight = __torch__.precise_bn.cast(weight, precision)
  wide_bias = __torch__.precise_bn.cast(bias, precision)
  output = torch.batch_norm(torch.to(input, precision), wide_weight, wide_bias, running_mean, running_var, training, momentum, eps, False)
  return torch.to(output, input.dtype)

def settled(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Tensor,
    running_var: Tensor,
    eps: float) -> Tensor:
  return __torch__.precise_bn.as_saved(input, weight, bias, running_mean, running_var, False, 0., eps)

def observe(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Tensor,
    running_var: Tensor,
    eps: float) -> Tensor:
  channels = torch.size(input, 1)
  place = __torch__.precise_bn.place_of(running_mean)
  mean = __torch__.precise_bn.cells(running_mean, place, channels)
  var = __torch__.precise_bn.cells(running_var, __torch__.precise_bn.place_of(running_var), channels)
  low, one, uses, high, singles, order = torch.split(__torch__.precise_bn.cells(running_mean, place + channels, COUNTERS), 1)
  shape = [1, channels]
  for _ in range(torch.dim(input) - 2):
    shape.append(1)
  shift = torch.reshape(__torch__.precise_bn.cells(running_mean, place + TO_SHIFT, channels), shape)
  centred = torch.sub(torch.to(input, PRECISION), shift)
  wide_weight = __torch__.precise_bn.cast(weight, PRECISION)
  wide_bias = __torch__.precise_bn.cast(bias, PRECISION)
  earlier_mean = torch.clone(mean)
  earlier_var = torch.clone(var)
  output = __torch__.precise_bn.normalise(centred, wide_weight, wide_bias, mean, var, eps)

  values = torch.numel(output) // channels
  earlier = torch.add(low, torch.mul(high, MODULUS))
  total = torch.add(earlier, values)
  delta = torch.sub(mean, earlier_mean)
  squares = torch.mul(earlier_var, torch.clamp_min(torch.sub(earlier, 1), 0))
  if values > 1:
    squares = torch.add(squares, torch.mul(var, values - 1))
  squares = torch.add(squares, torch.mul(torch.mul(delta, delta), torch.div(torch.mul(earlier, values), total)))
  pooled_mean = torch.copy_(mean, torch.add(earlier_mean, torch.mul(delta, torch.div(values, total))))
  pooled = torch.div(squares, torch.clamp_min(torch.sub(total, 1), 1))
  if values > 1:
    # What a single call saw is not rounded again: it is to be the same as in the usual case, to the last bit.
    pooled = torch.where(torch.gt(earlier, 0), pooled, var)
  pooled_var = torch.copy_(var, pooled)

  counted = torch.add_(low, values % MODULUS)
  carry = torch.floor(torch.div(low, MODULUS))
  counted = torch.sub_(low, torch.mul(carry, MODULUS))
  counted = torch.add_(high, torch.add(carry, values // MODULUS))
  counted = torch.add_(uses, one)
  if values == 1:
    counted = torch.add_(singles, one)
  calls = torch.add_(__torch__.precise_bn.cells(running_mean, 0, 1), one)
  counted = torch.copy_(order, calls)
  return torch.to(output, input.dtype)

def normalise(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    mean: Tensor,
    var: Tensor,
    eps: float) -> Tensor:
  channels = torch.size(input, 1)
  # Where the values of a channel are not side by side, libtorch sums them on a CPU one after the other in float32.
  if torch.numel(input) <= 2 * PIECE * channels or torch.stride(input, 1) != 1 or input.is_cuda:
    return torch.batch_norm(input, weight, bias, mean, var, True, 1., eps, False)
  return __torch__.precise_bn.normalise_in_pieces(input, weight, bias, mean, var, eps)

# The rows [values, channels] are read as [PIECE, pieces * channels], so that a call sums up all pieces side by side; but not more of them than
# caches hold, as each is read twice.
def normalise_in_pieces(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    mean: Tensor,
    var: Tensor,
    eps: float) -> Tensor:
  channels = torch.size(input, 1)
  values = torch.numel(input) // channels
  pieces = values // PIECE
  rows = torch.contiguous(torch.movedim(input, 1, -1))
  at_once = max(BLOCK // (PIECE * channels), 1)
  means, variances = __torch__.precise_bn.moments_of_pieces(rows, 0, PIECE, min(pieces, at_once))
  if pieces > at_once:
    all_means = [means]
    all_variances = [variances]
    for first in range(at_once, pieces, at_once):
      means, variances = __torch__.precise_bn.moments_of_pieces(rows, first * PIECE, PIECE, min(pieces - first, at_once))
      all_means.append(means)
      all_variances.append(variances)
    means = torch.cat(all_means)
    variances = torch.cat(all_variances)
  means = torch.to(means, DOUBLE)
  pooled_mean = torch.mean(means, [0])
  delta = torch.sub(means, pooled_mean)
  pooled_var = torch.mean(torch.addcmul(torch.to(variances, DOUBLE), delta, delta), [0])
  rest = values - pieces * PIECE
  if rest > 0:
    mean_of_rest, variance_of_rest = __torch__.precise_bn.moments_of_pieces(rows, pieces * PIECE, rest, 1)
    share = rest / values
    delta = torch.sub(torch.select(mean_of_rest, 0, 0), pooled_mean)
    pooled_mean = torch.add(pooled_mean, torch.mul(delta, share))
    pooled_var = torch.add(pooled_var, torch.mul(torch.sub(torch.select(variance_of_rest, 0, 0), pooled_var), share))
    pooled_var = torch.addcmul(pooled_var, delta, delta, value=share * (1. - share))
  used_mean = torch.copy_(mean, pooled_mean)
  used_var = torch.copy_(var, pooled_var)
  output = torch.batch_norm(input, weight, bias, used_mean, used_var, False, 0., eps, False)
  unbiased_var = torch.copy_(var, torch.mul(pooled_var, values / (values - 1)))
  return output

def moments_of_pieces(rows: Tensor, first: int, size: int, pieces: int) -> Tuple[Tensor, Tensor]:
  channels = torch.size(rows, -1)
  width = pieces * channels
  side_by_side = torch.as_strided(rows, [size, width], [width, 1], torch.storage_offset(rows) + first * channels)
  means, variances = torch.batch_norm_update_stats(side_by_side, None, None, 0.)
  return (torch.reshape(means, [pieces, channels]), torch.reshape(variances, [pieces, channels]))

def are_ours(mean: Tensor, variance: Tensor) -> bool:
  if not __torch__.precise_bn.may_be_ours(mean) or not __torch__.precise_bn.may_be_ours(variance):
    return False
  signature = torch.as_strided(mean, [2], [1], torch.storage_offset(mean) - 2)
  other = torch.as_strided(variance, [2], [1], torch.storage_offset(variance) - 2)
  return bool(torch.all(torch.eq(signature, other))) and bool(torch.eq(torch.select(signature, 0, 0), SIGNATURE - torch.numel(mean)))

def may_be_ours(statistics: Tensor) -> bool:
  return torch.dim(statistics) > 0 and torch.stride(statistics, -1) >= OBSERVED and torch.storage_offset(statistics) >= 2

def mark_of(statistics: Tensor) -> int:
  stride = torch.stride(statistics, -1)
  if stride > PITCH:
    return stride - PITCH
  return stride

def place_of(statistics: Tensor) -> int:
  if torch.stride(statistics, -1) > PITCH:
    high, low = torch.split(__torch__.precise_bn.cells(statistics, torch.storage_offset(statistics) + 1, 2), 1)
    return int(high) * MODULUS + int(low)
  return torch.storage_offset(statistics) // PITCH - ORIGIN

def cells(statistics: Tensor, first: int, count: int) -> Tensor:
  return torch.as_strided(statistics, [count], [1], first)

def kept(original: Tensor, copy: Tensor) -> Tensor:
  if torch.dim(original) > 0 and torch.stride(original, -1) >= OBSERVED and __torch__.precise_bn.mark_of(original) <= AS_SAVED:
    return original
  return copy

def cast(tensor: Optional[Tensor], precision: int) -> Optional[Tensor]:
  if tensor is None:
    return None
  return torch.to(tensor, precision)

def autocast(tensor: Tensor, precision: int) -> Tensor:
  if torch.is_floating_point(tensor) and tensor.dtype != DOUBLE:
    return torch.to(tensor, precision)
  return tensor
