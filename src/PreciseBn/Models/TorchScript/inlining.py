# Compiled with a TorchScript model that is inlined, see ScriptInlining. libtorch inlines functions, but no methods of an interface: what
# observes a layer is there once then, and not once for each of them, which would take long to prepare.

class Layer(Interface):
  def batch_norm(self,
    input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Optional[Tensor],
    running_var: Optional[Tensor],
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
    layers: str) -> Tensor:
    pass

class AnyLayer:
  def __init__(self: __torch__.precise_bn.AnyLayer) -> NoneType:
    return None
  def batch_norm(self: __torch__.precise_bn.AnyLayer,
    input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Optional[Tensor],
    running_var: Optional[Tensor],
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
    layers: str) -> Tensor:
    return __torch__.precise_bn.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled, layers)

def batch_norm_of(layer: __torch__.precise_bn.Layer,
    input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Optional[Tensor],
    running_var: Optional[Tensor],
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
    layers: str) -> Tensor:
  return (layer).batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled, layers)

def batch_norm_apart(input: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    running_mean: Optional[Tensor],
    running_var: Optional[Tensor],
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
    layers: str="") -> Tensor:
  return __torch__.precise_bn.batch_norm_of(__torch__.precise_bn.AnyLayer(), input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled, layers)

def never() -> bool:
  return False

def inline_layer() -> NoneType:
  if __torch__.precise_bn.never():
    nothing = torch.zeros([0])
    result = (__torch__.precise_bn.AnyLayer()).batch_norm(nothing, None, None, None, None, False, 0., 0., False, "")
  return None
