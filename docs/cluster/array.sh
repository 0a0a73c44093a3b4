#!/bin/sh
#SBATCH --job-name=daxemu-check
#SBATCH --array=0-7
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
#SBATCH --output=daxemu-%A_%a.log

# One part can be done again with 'sbatch --array=5 docs/cluster/array.sh': the number of parts stays.
export DAXEMU_SHARDS=8

exec daxemu check --output-format=json > "shard-$SLURM_ARRAY_TASK_ID.json"
