# What is measured of a run with an estimator; a store for what is not asked for has no layers.


rule measure:
    input:
        activations=STUDY.activations,
    output:
        information=directory("results/{experiment}/runs/{run}/information/{estimator}.zarr"),
        decomposition=directory("results/{experiment}/runs/{run}/decomposition/{estimator}.zarr"),
        error_chain=directory("results/{experiment}/runs/{run}/error_chain/{estimator}.zarr"),
        bottleneck=directory("results/{experiment}/runs/{run}/bottleneck/{estimator}.zarr"),
        kernel_matrices=directory("results/{experiment}/runs/{run}/kernel_matrices/{estimator}.zarr"),
    log:
        "results/{experiment}/logs/measure/{run}.{estimator}.log",
    benchmark:
        "results/{experiment}/benchmarks/measure/{run}.{estimator}.tsv"
    group:
        "measured"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=plan.growing(4000),
        runtime=plan.growing(720),
    params:
        settings=STUDY.measure,
        work="results/{experiment}/runs/{run}/work/measure-{estimator}",
    script:
        "../scripts/measure.py"


# The same with a store more, in experiments that ask for it alone: the others keep their jobs and their files.
use rule measure as measure_pairs with:
    output:
        information=directory("results/{experiment}/runs/{run}/information/{estimator}.zarr"),
        decomposition=directory("results/{experiment}/runs/{run}/decomposition/{estimator}.zarr"),
        error_chain=directory("results/{experiment}/runs/{run}/error_chain/{estimator}.zarr"),
        bottleneck=directory("results/{experiment}/runs/{run}/bottleneck/{estimator}.zarr"),
        kernel_matrices=directory("results/{experiment}/runs/{run}/kernel_matrices/{estimator}.zarr"),
        layer_pairs=directory("results/{experiment}/runs/{run}/layer_pairs/{estimator}.zarr"),
    wildcard_constraints:
        experiment=STUDY.asking("layer_pairs"),


ruleorder: measure_pairs > measure
