# A page in which a reader plays the training: everything that was measured, and the verdicts where claims are made.


rule explore:
    input:
        summary=rules.aggregate.output.summary,
        claims=STUDY.judged,
    output:
        page="results/{experiment}/explorer.html",
        archive=report(  # in which Chromium shows no page over 2 MB, but hands out files of any size
            "results/{experiment}/explorer.zip",
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
