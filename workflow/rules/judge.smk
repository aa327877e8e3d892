# A verdict on every claim of an experiment, with its interval over seeds and the same effect under the controls.


rule judge:
    input:
        summary=rules.aggregate.output.summary,
    output:
        json="results/{experiment}/claims.json",
        text="results/{experiment}/claims.md",
        page=report(
            "results/{experiment}/claims.html",
            caption="../report/claims.rst",
            category="{experiment}",
            labels={"figure": "claims"},
        ),
    log:
        "results/{experiment}/logs/judge.log",
    benchmark:
        "results/{experiment}/benchmarks/judge.tsv"
    group:
        "shown"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=plan.growing(2000),
        runtime=plan.growing(30),
    params:
        settings=STUDY.judge,
    script:
        "../scripts/judge.py"
