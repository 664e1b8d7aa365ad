<#
.SYNOPSIS
    Objects for all table views, and what a view says of them, read back from its text.
#>

# Of each type, layers of the digits network and some with what is hard to show: long names, large numbers, none at all.
function Get-LayerObject {
    $model = Get-Fixture digits.scripted.pt
    $partials = @(Get-BnModule $model | Measure-BnStat (Get-Calibration) -Iterations 2)
    $stats = @($partials | Merge-BnStat)
    $odd = @{
        Name = 'backbone.features.denseblock4.denselayer16.conv2.0.residual.norm'; Path = $stats[0].Path; Type = 'FrozenBatchNorm2d'; Presence = 'DifferenceOnly'
        Channels = 16777216; Momentum = $null; BatchesTracked = 1234567890123; Training = $true; Batches = 123456789; Count = 999999999999
        MeanShift = 1.2345e+20; MeanError = 1234.5; VarianceRatio = 1.2345e+100; VarianceError = 999.9994; Divergence = [double]::PositiveInfinity
        Passed = $false; IsConclusive = $true; Program = $null; ContentSha256 = '0123456789abcdef'; Shards = $partials[0].Shards
    }
    $none = $odd.Clone()
    $none.Momentum = $none.MeanError = $none.VarianceError = [double]::NaN
    $none.MeanShift = $none.VarianceRatio = $none.Divergence = $none.BatchesTracked = $null
    $layers = [ordered]@{
        BnModule      = @(Get-BnModule $model)
        BnStat        = $stats
        PartialBnStat = $partials
        BnComparison  = @(Compare-BnStat $model $stats)
        BnVerdict     = @(Test-BnStat $model $stats -PassThru -WarningAction Ignore)
    }
    foreach ($view in @($layers.Keys)) {
        $layers[$view] += @($odd, $none).ForEach({ [pscustomobject](@{ PSTypeName = "PreciseBn.$view" } + $_) })
    }
    $layers
}

# The columns of a view, and the properties that they show.
function Get-ViewColumn {
    param([string] $View)
    $table = (Get-FormatData "PreciseBn.$View" -PowerShellVersion $PSVersionTable.PSVersion).FormatViewDefinition.Control | Where-Object { $_ -is [System.Management.Automation.TableControl] }
    $properties = @{ BnModule = @{ Batches = 'BatchesTracked' }; PartialBnStat = @{ Model = 'ContentSha256' } }
    foreach ($header in $table.Headers) {
        [pscustomobject]@{ Label = $header.Label; Width = $header.Width; Property = $properties[$View]?[$header.Label] ?? $header.Label }
    }
}

# The rows of a table that was cut into lines, as dictionaries of labels and cells; the first is of the headings.
function Read-Table {
    param([string] $View, [string] $Text)
    $columns = Get-ViewColumn $View
    foreach ($line in $Text -replace '\e\[[0-9;?]*[a-zA-Z]' -split '\r*\n') {
        if (-not $line.Trim()) {
            # The end of a table, and what stands before one.
            $row = $null
            continue
        }
        $cells = [ordered]@{}
        $start = 0
        foreach ($column in $columns) {
            $rest = $line.Substring([math]::Min($start, $line.Length))
            $cells[$column.Label] = ($column.Width ? $rest.Substring(0, [math]::Min($column.Width, $rest.Length)) : $rest).Trim()
            $start += $column.Width + 1
        }
        if ($row -and -not $columns.Where({ $_.Label -notin 'Name', 'Type' -and $cells[$_.Label] })) {
            $row.Name += $cells.Name
            if ($row.Contains('Type')) {
                $row.Type += $cells.Type
            }
        }
        elseif ($line -notmatch '^ *(Path|Shard): |^[- ]+$') {
            $row = $cells
            $row
        }
    }
}

# Compares what a table says with the objects; a number is right if it is that of the object, rounded as it is written.
function Test-Table {
    param([string] $View, [object[]] $Layer, [string] $Text)
    $columns = Get-ViewColumn $View
    $headings, $rows = Read-Table $View $Text
    ($headings.Values -join ' ') | Should -BeExactly ($columns.Label -join ' ')
    @($rows).Count | Should -Be $Layer.Count
    for ($index = 0; $index -lt $Layer.Count; $index++) {
        foreach ($column in $columns) {
            $cell = @($rows)[$index][$column.Label]
            $value = $Layer[$index].($column.Property)
            $because = "of layer $index, the object has $($column.Property) $value"
            if ($null -eq $value -or ($column.Label -eq 'Momentum' -and [double]::IsNaN($value))) {
                $cell | Should -BeIn '', 'cumulative' -Because $because
            }
            elseif ($value -is [double] -and [double]::IsFinite($value)) {
                $number = [double]($cell -replace '[^-+.\de]')
                [math]::Abs($number - $value) | Should -BeLessOrEqual ([math]::Max(5.1e-5, ($cell -match 'e' ? 5.1e-3 * $value : 0))) -Because $because
            }
            elseif ($cell -match 'e\+') {
                [math]::Abs([double]$cell / $value - 1) | Should -BeLessThan 5.1e-3 -Because $because
            }
            elseif ($column.Label -eq 'Model') {
                $value | Should -BeLike "$cell*"
                $cell.Length | Should -Be 12
            }
            elseif ($column.Label -eq 'Passed') {
                $cell | Should -BeExactly "$value$($Layer[$index].IsConclusive ? '' : '?')" -Because $because
            }
            else {
                # The bar aside.
                $cell -replace ' [█#]+$' | Should -BeExactly $value.ToString() -Because $because
            }
        }
    }
}
