# Activations and back-propagated errors of the probe at every checkpoint; removed when they have been measured.


rule capture:
    input:
        dataset=STUDY.dataset,
        checkpoints=rules.train.output.checkpoints,
        training=rules.train.output.training,
    output:
        activations=(
            directory("results/{experiment}/runs/{run}/activations.zarr")
            if "activations" in STUDY.keep
            else temp(directory("results/{experiment}/runs/{run}/activations.zarr"))
        ),
    log:
        "results/{experiment}/logs/capture/{run}.log",
    benchmark:
        "results/{experiment}/benchmarks/capture/{run}.tsv"
    group:
        "measured"
    conda:
        "../../envs/torch.yaml"
    threads: STUDY.threads
    resources:
        mem_mb=plan.growing(4000),
        runtime=plan.growing(240),
    params:
        recipe=STUDY.capture,
    script:
        "../scripts/capture.py"
