#!/usr/bin/env bash
# Measures shards of the data in a job array, and merges them in a job that runs when all of its tasks have ended, well or not.
set -euo pipefail
if [ $# -lt 4 ]; then
    echo "Usage: submit.sh MODEL DATA FOLDER SHARDS [arguments of measure.ps1]" >&2
    exit 64
fi
slurm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$3"
model=$(realpath "$1") data=$(realpath "$2") folder=$(realpath "$3") shards=$4
shift 4

array=$(sbatch --parsable --array="1-$shards" --output="$folder/measure-%a.log" \
    "$slurm/measure.sbatch" "$(dirname "$slurm")" "$model" "$data" "$folder" "$shards" "$@")
merge=$(sbatch --parsable --dependency="afterany:$array" --output="$folder/merge.log" \
    "$slurm/merge.sbatch" "$(dirname "$slurm")" "$model" "$folder" "$folder/$(basename "$model")" "$shards")
echo "$array $merge"
