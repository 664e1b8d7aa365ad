BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    . "$PSScriptRoot/Sessions.ps1"

    # The solution has a project with a model as users have it in assemblies of their own.
    $userModel = Get-ChildItem "$PSScriptRoot/../PreciseBn.UserModel/bin" -Filter PreciseBn.UserModel.dll -Recurse |
        Sort-Object LastWriteTime | Select-Object -Last 1 -ExpandProperty FullName
}

Describe 'A model in memory' {
    It 'is recomputed with the statistics of its inputs' {
        $layer = [TorchSharp.torch+nn]::BatchNorm1d(3)
        $values = [TorchSharp.torch]::rand(50, 3) + 7
        $stat = Get-BnModule -Model $layer | Update-BnStat $values
        [math]::Abs($stat.Mean[0] - $values.mean([long[]]@(0)).data[float]()[0]) | Should -BeLessThan 1e-5
        [math]::Abs($layer.running_mean.data[float]()[0] - $stat.Mean[0]) | Should -BeLessThan 1e-5
    }

    It 'is trained and recomputed by the example: <Kind>' -ForEach @(
        @{ Kind = 'built there'; Option = { @{ Steps = 5 } } }
        @{ Kind = 'of an assembly'; Option = { @{ Steps = 3; Assembly = $userModel; TypeName = 'PreciseBn.UserModel.UserNetwork' } } }
    ) {
        $done = Invoke-Example live-model.ps1 (& $Option)
        $done.Errors | Should -BeNullOrEmpty
        $done.Output | Should -HaveCount 2
        $done.Output[0] | Should -Match '^Accuracy on 1000 test images with running statistics: \d+[.,]\d %$'
        $done.Output[1] | Should -Match '^Accuracy on 1000 test images with precise statistics: \d+[.,]\d %$'
    }

    It 'is named if the assembly has no such class' {
        { Invoke-Example live-model.ps1 @{ Assembly = $userModel; TypeName = 'Nothing' } } | Should -Throw "*There is no class 'Nothing' in '*PreciseBn.UserModel.dll'.*"
    }
}
