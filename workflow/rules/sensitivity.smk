# What was measured over the grid of an experiment in one store, and which conclusions hold across it.


use rule aggregate as gather with:
    input:
        stores=STUDY.stores_of_grid,
    output:
        summary=directory("results/{experiment}/sensitivity.zarr"),
    log:
        "results/{experiment}/logs/gather.log",
    benchmark:
        "results/{experiment}/benchmarks/gather.tsv"
    params:
        parts=STUDY.parts_of_grid,
        facts=STUDY.gather,
        artifact="grid",


rule conclude:
    input:
        summary=rules.gather.output.summary,
    output:
        json="results/{experiment}/sensitivity.json",
        text="results/{experiment}/sensitivity.md",
        page=report(
            "results/{experiment}/sensitivity.html",
            caption="../report/sensitivity.rst",
            category="{experiment}",
            labels={"figure": "sensitivity: conclusions"},
        ),
        svg=report(
            "results/{experiment}/sensitivity.svg",
            caption="../report/sensitivity_planes.rst",
            category="{experiment}",
            labels={"figure": "sensitivity: information planes"},
        ),
        png="results/{experiment}/sensitivity.png",
        pdf="results/{experiment}/sensitivity.pdf",
        csv="results/{experiment}/sensitivity.csv",
    log:
        "results/{experiment}/logs/conclude.log",
    benchmark:
        "results/{experiment}/benchmarks/conclude.tsv"
    group:
        "shown"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=plan.growing(2000),
        runtime=plan.growing(60),
    params:
        settings=STUDY.conclude,
    script:
        "../scripts/conclude.py"
