# How many dimensions the samples of a data set have: a job for each that an experiment asks it of, whatever networks see it.


rule intrinsic_dimension:
    input:
        dataset=rules.prepare.output.store,
    output:
        dimension=directory("results/datasets/dimension/{dataset}.zarr"),
    log:
        "results/datasets/logs/intrinsic_dimension/{dataset}.log",
    benchmark:
        "results/datasets/benchmarks/intrinsic_dimension/{dataset}.tsv"
    conda:
        "../../envs/dimension.yaml"
    threads: 1
    resources:
        mem_mb=plan.growing(4000),
        runtime=plan.growing(60),
    params:
        settings=STUDY.intrinsic_dimension,
    script:
        "../scripts/intrinsic_dimension.py"
