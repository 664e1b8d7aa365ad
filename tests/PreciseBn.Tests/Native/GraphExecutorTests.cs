using PreciseBn.Native;

namespace PreciseBn.Tests;

/// <summary>The switch of libtorch that models are run with, and that the thread must have back.</summary>
public class GraphExecutorTests
{
    [Fact]
    public void Models_run_as_they_are_for_as_long_as_it_is_asked_for()
    {
        TorchLibrary.Require();
        Assert.True(GraphExecutor.IsOptimizing);
        using (GraphExecutor.RunUnoptimized())
        {
            Assert.False(GraphExecutor.IsOptimizing);
            using (GraphExecutor.RunUnoptimized())
                Assert.False(GraphExecutor.IsOptimizing);
            Assert.False(GraphExecutor.IsOptimizing);
        }
        Assert.True(GraphExecutor.IsOptimizing);
    }
}
