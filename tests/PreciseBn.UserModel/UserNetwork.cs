using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace PreciseBn.UserModel;

/// <summary>A model as users have it in assemblies of their own.</summary>
public sealed class UserNetwork : Module<Tensor, Tensor>
{
    private readonly Module<Tensor, Tensor> _layers = Sequential(
        ("flat", Flatten()), ("bn", BatchNorm1d(784)), ("answer", Linear(784, 10)));

    public UserNetwork() : base(nameof(UserNetwork)) => RegisterComponents();

    public override Tensor forward(Tensor input) => _layers.forward(input);
}
