# Figures: one rule for each that is registered, since each has a caption of its own in the report; and animations.

from infoplane import figures

for figure in figures.names():

    rule:
        name:
            f"draw_{figure}"
        input:
            summary=rules.aggregate.output.summary,
        output:
            svg=report(
                "results/{experiment}/figures/{figure}.svg",
                caption=f"../report/{figure}.rst",
                category="{experiment}",
                labels={"figure": "{figure}"},
            ),
            png="results/{experiment}/figures/{figure}.png",
            pdf="results/{experiment}/figures/{figure}.pdf",
            csv="results/{experiment}/figures/{figure}.csv",
        log:
            "results/{experiment}/logs/figures/{figure}.log",
        benchmark:
            "results/{experiment}/benchmarks/figures/{figure}.tsv"
        wildcard_constraints:
            figure=STUDY.drawn_by(figure),
        group:
            "shown"
        conda:
            "../../envs/figures.yaml"
        threads: 1
        resources:
            mem_mb=plan.growing(2000),
            runtime=plan.growing(30),
        params:
            settings=STUDY.draw,
        script:
            "../scripts/draw.py"


rule animate:
    input:
        summary=rules.aggregate.output.summary,
    output:
        gif="results/{experiment}/animations/{figure}.gif",
        page=report(
            "results/{experiment}/animations/{figure}.html",
            caption="../report/animation.rst",
            category="{experiment}",
            labels={"figure": "{figure}, animated"},
        ),
    log:
        "results/{experiment}/logs/animations/{figure}.log",
    benchmark:
        "results/{experiment}/benchmarks/animations/{figure}.tsv"
    group:
        "shown"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=plan.growing(2000),
        runtime=plan.growing(30),
    params:
        settings=STUDY.animate,
    script:
        "../scripts/animate.py"
