# Data sets, from their checksummed sources to one store each.


wildcard_constraints:
    experiment=r"[A-Za-z0-9][A-Za-z0-9_-]*",
    run=r"[A-Za-z0-9_.-]+",
    variant=r"[A-Za-z0-9_.-]+",
    estimator=r"[A-Za-z0-9_.-]+",
    dataset=r"[^/]+",
    figure=r"[A-Za-z0-9_-]+",


rule prepare:
    output:
        store=directory("results/datasets/{dataset}.zarr"),
    log:
        "results/datasets/logs/{dataset}.log",
    benchmark:
        "results/datasets/benchmarks/{dataset}.tsv"
    localrule: True  # it downloads, which the nodes of a cluster often cannot
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=plan.growing(4000),
        runtime=plan.growing(60),
    params:
        settings=STUDY.prepare,
    script:
        "../scripts/prepare.py"
