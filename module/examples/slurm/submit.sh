#!/usr/bin/env bash
# Measures shards of the data in a job array, and merges them in a job that waits for all of its tasks.
set -euo pipefail
if [ $# -lt 4 ]; then
    echo "Usage: submit.sh MODEL DATA FOLDER SHARDS [arguments of measure.ps1]" >&2
    exit 64
fi
example=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$3"
model=$(realpath "$1") data=$(realpath "$2") folder=$(realpath "$3") shards=$4
shift 4

array=$(sbatch --parsable --array="1-$shards" --output="$folder/measure-%a.log" \
    "$example/measure.sbatch" "$example" "$model" "$data" "$folder" "$shards" "$@")
merge=$(sbatch --parsable --dependency="afterok:$array" --kill-on-invalid-dep=yes --output="$folder/merge.log" \
    "$example/merge.sbatch" "$example" "$model" "$folder" "$folder/$(basename "$model")")
echo "$array $merge"
