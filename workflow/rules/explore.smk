# A page in which a reader plays the training: everything that was measured, and the verdicts where claims are made.


rule explore:
    input:
        summary=rules.aggregate.output.summary,
        claims=STUDY.judged,
    output:
        page=report(
            "results/{experiment}/explorer.html",
            caption="../report/explorer.rst",
            category="{experiment}",
            labels={"figure": "explorer"},
        ),
    log:
        "results/{experiment}/logs/explore.log",
    benchmark:
        "results/{experiment}/benchmarks/explore.tsv"
    group:
        "shown"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=plan.growing(2000),
        runtime=plan.growing(30),
    params:
        settings=STUDY.explore,
    script:
        "../scripts/explore.py"
