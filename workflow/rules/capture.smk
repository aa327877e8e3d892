# Activations and back-propagated errors of the probe at every checkpoint; removed when they have been measured.


def intermediate(path):
    kept = "activations" in STUDY.keep
    return directory(path) if kept else temp(directory(path))


rule capture:
    input:
        dataset=dataset_of,
        checkpoints=rules.train.output.checkpoints,
        training=rules.train.output.training,
    output:
        activations=intermediate("results/{experiment}/runs/{run}/activations.zarr"),
    log:
        "results/{experiment}/logs/capture/{run}.log",
    benchmark:
        "results/{experiment}/benchmarks/capture/{run}.tsv"
    params:
        recipe=lambda wildcards: STUDY[wildcards.experiment].capture(run_of(wildcards)),
    threads: lambda wildcards: run_of(wildcards).variant.settings["training"]["threads"]
    resources:
        mem_mb=4000,
        runtime=240,
    conda:
        "../../envs/torch.yaml"
    script:
        "../scripts/capture.py"
