# Figures: one rule for each that is registered, since each has a caption of its own in the report.

from infoplane import figures


def figure_files(wildcards):
    return [
        f"results/{name}/figures/{figure}.{ending}"
        for name in STUDY
        for figure in STUDY[name].figures
        for ending in ("svg", "png", "pdf", "csv")
    ]


for figure in figures.names():

    rule:
        name:
            f"draw_{figure}"
        input:
            summary=rules.aggregate.output.summary,
        output:
            svg=report(
                f"results/{{experiment}}/figures/{{figure}}.svg",
                caption=f"../report/{figure}.rst",
                category="{experiment}",
                labels={"figure": "{figure}"},
            ),
            png="results/{experiment}/figures/{figure}.png",
            pdf="results/{experiment}/figures/{figure}.pdf",
            csv="results/{experiment}/figures/{figure}.csv",
        wildcard_constraints:
            figure=STUDY.figures_drawn_by(figure),
        log:
            "results/{experiment}/logs/figures/{figure}.log",
        benchmark:
            "results/{experiment}/benchmarks/figures/{figure}.tsv"
        params:
            settings=lambda wildcards: STUDY[wildcards.experiment].draw(wildcards.figure),
        threads: 1
        resources:
            mem_mb=2000,
            runtime=30,
        conda:
            "../../envs/figures.yaml"
        script:
            "../scripts/draw.py"
