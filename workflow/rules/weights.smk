# How far the weights of a variant's networks travel, and how far apart they end; from the checkpoints of all its runs.


rule weights:
    input:
        checkpoints=STUDY.checkpoints,
        training=STUDY.trained,
    output:
        weights=directory("results/{experiment}/weights/{variant}.zarr"),
    log:
        "results/{experiment}/logs/weights/{variant}.log",
    benchmark:
        "results/{experiment}/benchmarks/weights/{variant}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=plan.growing(4000),
        runtime=plan.growing(240),
    params:
        settings=STUDY.weights,
    script:
        "../scripts/weights.py"
