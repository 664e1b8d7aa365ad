# The other functions of libtorch that are a BatchNorm, each in terms of the one in precise_bn.py, with which this is compiled.

def native_batch_norm(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Optional[Tensor],
    running_var: Optional[Tensor],
    training: bool,
    momentum: float,
    eps: float,
    layers: str="") -> Tuple[Tensor, Tensor, Tensor]:
  output = __torch__.precise_bn.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, True, layers)
  nothing = torch.new_empty(input, [0])
  return (output, nothing, nothing)

def _native_batch_norm_legit_no_training(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Tensor,
    running_var: Tensor,
    momentum: float,
    eps: float,
    layers: str="") -> Tuple[Tensor, Tensor, Tensor]:
  return __torch__.precise_bn.native_batch_norm(input, weight, bias, running_mean, running_var, False, momentum, eps, layers)

def _native_batch_norm_legit_functional(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Tensor,
    running_var: Tensor,
    training: bool,
    momentum: float,
    eps: float,
    layers: str="") -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
  output, nothing, none = __torch__.precise_bn.native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, layers)
  return (output, nothing, none, running_mean, running_var)

def _batch_norm_with_update(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Tensor,
    running_var: Tensor,
    momentum: float,
    eps: float,
    layers: str="") -> Tuple[Tensor, Tensor, Tensor, Tensor]:
  output, nothing, none = __torch__.precise_bn.native_batch_norm(input, weight, bias, running_mean, running_var, True, momentum, eps, layers)
  return (output, nothing, none, nothing)

def _batch_norm_no_update(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Optional[Tensor],
    running_var: Optional[Tensor],
    momentum: float,
    eps: float,
    layers: str="") -> Tuple[Tensor, Tensor, Tensor, Tensor]:
  output, nothing, none = __torch__.precise_bn.native_batch_norm(input, weight, bias, running_mean, running_var, False, momentum, eps, layers)
  return (output, nothing, none, nothing)

def cudnn_batch_norm(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Optional[Tensor],
    running_var: Optional[Tensor],
    training: bool,
    momentum: float,
    eps: float,
    layers: str="") -> Tuple[Tensor, Tensor, Tensor, Tensor]:
  output, nothing, none = __torch__.precise_bn.native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, layers)
  return (output, nothing, none, nothing)

def _batch_norm_impl_index(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Optional[Tensor],
    running_var: Optional[Tensor],
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
    layers: str="") -> Tuple[Tensor, Tensor, Tensor, Tensor, int]:
  output, nothing, none = __torch__.precise_bn.native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, layers)
  return (output, nothing, none, nothing, 0)

def _batch_norm_with_update_functional(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Tensor,
    running_var: Tensor,
    momentum: float,
    eps: float,
    layers: str="") -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
  output, nothing, none = __torch__.precise_bn.native_batch_norm(input, weight, bias, running_mean, running_var, True, momentum, eps, layers)
  return (output, nothing, none, nothing, running_mean, running_var)
