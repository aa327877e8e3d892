# What the estimators of an experiment answer where the truth is known, and what an answer can therefore mean.


rule calibrate:
    input:
        summary=rules.aggregate.output.summary,
    output:
        known=directory("results/{experiment}/calibration.zarr"),
    log:
        "results/{experiment}/logs/calibrate.log",
    benchmark:
        "results/{experiment}/benchmarks/calibrate.tsv"
    group:
        "shown"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=plan.growing(4000),
        runtime=plan.growing(60),
    params:
        settings=STUDY.calibrate,
    script:
        "../scripts/calibrate.py"


rule read_off:
    input:
        known=rules.calibrate.output.known,
    output:
        page=report(
            "results/{experiment}/calibration.html",
            caption="../report/calibration.rst",
            category="{experiment}",
            labels={"figure": "calibration"},
        ),
        input=multiext("results/{experiment}/calibration/input", ".svg", ".png", ".pdf", ".csv"),
        target=multiext("results/{experiment}/calibration/target", ".svg", ".png", ".pdf", ".csv"),
    log:
        "results/{experiment}/logs/read_off.log",
    benchmark:
        "results/{experiment}/benchmarks/read_off.tsv"
    group:
        "shown"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=plan.growing(2000),
        runtime=plan.growing(30),
    params:
        settings=STUDY.read_off,
    script:
        "../scripts/read_off.py"
