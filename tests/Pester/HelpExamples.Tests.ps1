BeforeDiscovery {
    . "$PSScriptRoot/Examples.ps1"
    $examples = Get-ChildItem "$PSScriptRoot/../../module/help" -Filter *.md | Sort-Object Name | ForEach-Object { Get-MarkdownExample $_.FullName }
}

BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    . "$PSScriptRoot/Examples.ps1"

    $files = Join-Path $TestDrive 'files'
    $null = New-Item $files -ItemType Directory
    Copy-ExampleFile $files @{
        'model.pt'          = 'digits.scripted.pt'
        'model.pt2'         = 'digits.exported-static32-2.14.pt2'
        'checkpoint.pth'    = 'digits.checkpoint.pth'
        'model.safetensors' = 'digits.safetensors'
        'calibration.npz'   = 'digits.calibration.npz'
        'today.npz'         = 'digits.test.npz'
        'batches.npz'       = 'two-inputs.batches.npz'
        'part-1.npz'        = 'digits.calibration.npz'
        'part-2.npz'        = 'digits.test.npz'
        'tensors.pt'        = 'tensors/pair.pt'
        'photos'            = 'images'
        'pruned.pt'         = 'digits.scripted.pt'
        'qat.pt'            = 'cases/qat-eager/trace_eval-2.6.pt'
        'qat.npz'           = 'cases/qat-eager/batches.npz'
        'gpu.pt'            = 'cases/gpu-made/script_eval-cuda-2.6.pt'
        'gpu.npz'           = 'cases/gpu-made/batches.npz'
        'frozen.pt'         = 'cases/frozen/freeze-2.6.pt'
        'frozen.npz'        = 'cases/frozen/batches.npz'
        'package.pt2'       = 'programs/several-2.14.pt2'
        'samples.npz'       = 'programs/samples.npz'
    }
    # Epochs of a model, one a day.
    foreach ($epoch in 8..10) {
        Copy-Item (Get-Fixture digits.scripted.pt) (Join-Path $files "epoch-$epoch.pt")
        (Get-Item (Join-Path $files "epoch-$epoch.pt")).LastWriteTime = [datetime]::new(2026, 1, $epoch)
    }
    'name,age,lab1,lab2,outcome', 'A,61,0.5,-1.25,1', 'B,47,-0.75,2,0' | Set-Content (Join-Path $files 'patients.csv')
    $null = Get-BnModule (Join-Path $files 'model.pt') | Update-BnStat (Get-Calibration) -Destination (Join-Path $files 'precise.pt')

    # Sessions of their own, so that no example lives on what another one left.
    $session = [initialsessionstate]::CreateDefault2()
    $session.ImportPSModule((Resolve-Path "$PSScriptRoot/../../PreciseBn.psd1").ProviderPath)
}

Describe 'The help' -Tag Once {
    It 'has examples of every cmdlet' {
        $with = (Get-ChildItem "$PSScriptRoot/../../module/help" -Filter *.md | ForEach-Object { Get-MarkdownExample $_.FullName }).File
        (Get-Command -Module PreciseBn).Name | Should -BeIn $with
    }
}

Describe 'Of <File>' -Tag Once -ForEach ($examples | Group-Object { $_.File } | ForEach-Object { @{ File = $_.Name; Examples = $_.Group } }) {
    It '<Heading> (line <Line>) runs as it is printed' -ForEach $Examples {
        if ($File -notlike 'about_*') {
            $Code | Should -Match "\b$File\b"
        }
        $folder = Join-Path $TestDrive ([guid]::NewGuid())
        Copy-Item $files $folder -Recurse
        $runspace = [runspacefactory]::CreateRunspace($session)
        $runspace.Open()
        try {
            $runspace.SessionStateProxy.Path.SetLocation($folder)
            foreach ($line in Split-Statement $Code) {
                $shell = [powershell]::Create($runspace).AddScript($line, $false).AddCommand('Out-String')
                $null = $shell.Invoke()
                "$($shell.Streams.Error)" | Should -BeNullOrEmpty -Because "it is to do $line"
                $shell.Dispose()
            }
        }
        finally {
            $runspace.Dispose()
            Remove-Item $folder -Recurse
        }
    }
}
