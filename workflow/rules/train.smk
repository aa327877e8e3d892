# Networks, from their first weights to the last epoch: one job per variant and block of seeds. Or checkpoints of networks
# that were trained elsewhere are taken in.


rule train:
    input:
        dataset=STUDY.dataset,
        adopted=STUDY.adopted,
    output:
        checkpoints=directory("results/{experiment}/runs/{run}/checkpoints"),
        training=directory("results/{experiment}/runs/{run}/training.zarr"),
    log:
        "results/{experiment}/logs/train/{run}.log",
    benchmark:
        "results/{experiment}/benchmarks/train/{run}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: STUDY.threads
    resources:
        mem_mb=plan.growing(4000),
        runtime=plan.growing(1440),
    params:
        recipe=STUDY.train,
        work="results/{experiment}/runs/{run}/work/training",
    script:
        "../scripts/train.py"
