# All runs of an experiment in one store.


def stores_of(wildcards):
    return [part["path"] for part in parts_of(wildcards)]


def parts_of(wildcards):
    return STUDY[wildcards.experiment].parts()


rule aggregate:
    input:
        stores=stores_of,
    output:
        summary=directory("results/{experiment}/summary.zarr"),
    log:
        "results/{experiment}/logs/aggregate.log",
    benchmark:
        "results/{experiment}/benchmarks/aggregate.tsv"
    params:
        parts=parts_of,
        facts=lambda wildcards: STUDY[wildcards.experiment].aggregate(),
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    conda:
        "../../envs/figures.yaml"
    script:
        "../scripts/aggregate.py"
