# Networks, from their first weights to the last epoch: one job per variant and block of seeds.


def run_of(wildcards):
    return STUDY[wildcards.experiment].runs[wildcards.run]


def dataset_of(wildcards):
    name = STUDY[wildcards.experiment].dataset(run_of(wildcards).variant)
    return f"results/datasets/{name}.zarr"


rule train:
    input:
        dataset=dataset_of,
    output:
        checkpoints=directory("results/{experiment}/runs/{run}/checkpoints"),
        training=directory("results/{experiment}/runs/{run}/training.zarr"),
    log:
        "results/{experiment}/logs/train/{run}.log",
    benchmark:
        "results/{experiment}/benchmarks/train/{run}.tsv"
    params:
        recipe=lambda wildcards: STUDY[wildcards.experiment].train(run_of(wildcards)),
        work="results/{experiment}/runs/{run}/work/training",
    threads: lambda wildcards: run_of(wildcards).variant.settings["training"]["threads"]
    resources:
        mem_mb=4000,
        runtime=1440,
    conda:
        "../../envs/torch.yaml"
    script:
        "../scripts/train.py"
