# All runs of an experiment in one store.


rule aggregate:
    input:
        stores=STUDY.stores,
    output:
        summary=directory("results/{experiment}/summary.zarr"),
    log:
        "results/{experiment}/logs/aggregate.log",
    benchmark:
        "results/{experiment}/benchmarks/aggregate.tsv"
    group:
        "shown"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=plan.growing(2000),
        runtime=plan.growing(60),
    params:
        parts=STUDY.parts,
        facts=STUDY.aggregate,
        artifact="summary",
    script:
        "../scripts/aggregate.py"
