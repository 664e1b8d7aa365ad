BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    . "$PSScriptRoot/Sessions.ps1"
}

Describe 'Progress' {
    It 'names the file and the throughput, and is completed' {
        $model = Copy-Fixture digits.scripted.pt
        $progress = (Invoke-InNewSession {
            param($model, $data)
            Get-BnModule $model | Update-BnStat (New-BnDataLoader $data -Key images)
        } @{ model = $model; data = Get-Fixture digits.calibration.npz }).Progress
        ($progress | Where-Object StatusDescription -Match 'of 50, [\d.,]+ batches/s$').CurrentOperation | Select-Object -Unique | Should -Be $model
        $progress[-1].RecordType | Should -Be 'Completed'
    }

    It 'of several models is nested' {
        $models = 'first.pt', 'second.pt' | ForEach-Object { Copy-Fixture digits.scripted.pt -As $_ }
        $progress = (Invoke-InNewSession {
            param($models, $data)
            Get-BnModule $models -Name stem.bn | Update-BnStat (New-BnDataLoader $data -Key images) -Iterations 2
        } @{ models = $models; data = Get-Fixture digits.calibration.npz }).Progress
        $ofModels = $progress | Where-Object StatusDescription -Like 'Model *'
        $ofModels.StatusDescription | Should -Be 'Model 1 of 2', 'Model 2 of 2'
        $ofModels.CurrentOperation | Should -Be $models
        ($progress | Where-Object StatusDescription -Like 'Batch *').ParentActivityId | Select-Object -Unique | Should -Be $ofModels[0].ActivityId
        $progress[-1].ActivityId, $progress[-1].RecordType | Should -Be $ofModels[0].ActivityId, 'Completed'
    }
}

Describe 'Ctrl+C' {
    It 'ends a run within a batch, and changes nothing' {
        $folder = New-Item (Join-Path $TestDrive stopped) -ItemType Directory
        $model = Copy-Fixture digits.scripted.pt -As stopped/model.pt
        $session = New-Session
        $null = $session.AddScript({
            param($manifest, $model)
            Import-Module $manifest
            $endless = [System.Linq.Enumerable]::Repeat([TorchSharp.torch]::rand(4, 1, 28, 28), 1000000)
            Get-BnModule $model | Update-BnStat -Data $endless -Iterations 1000000
        }).AddArgument("$PSScriptRoot/../../PreciseBn.psd1").AddArgument($model)
        $id = [guid]::NewGuid().ToString()
        $null = Register-ObjectEvent $session.Streams.Progress DataAdded -SourceIdentifier $id
        try {
            $running = $session.BeginInvoke()
            do {
                $news = Wait-Event -SourceIdentifier $id -Timeout 60
                $news | Should -Not -BeNullOrEmpty
                $news | Remove-Event
            } until ($session.Streams.Progress.StatusDescription -like 'Batch *')
            $session.Stop()
            { $session.EndInvoke($running) } | Should -Throw
            $session.InvocationStateInfo.State | Should -Be 'Stopped'
        }
        finally {
            Unregister-Event $id
            $session.Dispose()
        }
        (Get-FileHash $model).Hash | Should -Be (Get-FileHash (Get-Fixture digits.scripted.pt)).Hash
        (Get-ChildItem $folder -Force).FullName | Should -Be $model
    }
}
