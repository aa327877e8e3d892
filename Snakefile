import sys
from pathlib import Path

from infoplane import plan
from infoplane.errors import InfoplaneError
from snakemake.utils import min_version

min_version("9.9")


configfile: Path(workflow.basedir) / "config.yaml"


try:
    STUDY = plan.study(config, base=Path(workflow.basedir), networks=workflow.is_main_process)
except InfoplaneError as error:
    sys.exit(f"infoplane: {error}")


include: "workflow/rules/prepare.smk"
include: "workflow/rules/dimension.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/capture.smk"
include: "workflow/rules/measure.smk"
include: "workflow/rules/weights.smk"
include: "workflow/rules/aggregate.smk"
include: "workflow/rules/judge.smk"
include: "workflow/rules/sensitivity.smk"
include: "workflow/rules/calibrate.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/explore.smk"


report: "workflow/report/overview.rst"


rule all:
    default_target: True
    input:
        summaries=STUDY.summaries(),
        verdicts=STUDY.verdicts(),
        conclusions=STUDY.conclusions(),
        calibrations=STUDY.calibrations(),
        figures=STUDY.figures(),
        animations=STUDY.animations(),
        explorers=STUDY.explorers(),
        kept=STUDY.kept(),
    localrule: True
