"""The data model agrees with itself, and with what figures and stores take from it."""

import re

import pytest

from infoplane.schema import ANY_LAYER, ARTIFACTS, COORDINATES, FEATURES, INPUT_FEATURES, TARGET_FEATURES, Variable

EVERY = [
    (artifact, group, name, variable)
    for artifact, found in ARTIFACTS.items()
    for group, variables in found.groups.items()
    for name, variable in variables.items()
]


def _ids(case: tuple[str, str, str, Variable]) -> str:
    return f"{case[0]}{case[1]}:{case[2]}"


@pytest.mark.parametrize("case", EVERY, ids=_ids)
def test_every_variable_is_ready_for_an_axis(case: tuple[str, str, str, Variable]) -> None:
    variable = case[3]
    assert variable.units
    assert variable.long_name[0].isupper() or variable.long_name.startswith("I(")
    assert variable.minimum < variable.maximum
    assert len(set(variable.dims)) == len(variable.dims)


@pytest.mark.parametrize("case", EVERY, ids=_ids)
def test_every_dimension_is_a_coordinate_or_free(case: tuple[str, str, str, Variable]) -> None:
    free = {FEATURES, INPUT_FEATURES, TARGET_FEATURES, "other_sample", "class"}
    assert set(case[3].dims) <= set(COORDINATES) | free


@pytest.mark.parametrize("group", [name.strip("/") for name in ARTIFACTS["summary"].groups])
def test_summary_has_the_variables_of_the_runs_over_variants(group: str) -> None:
    of_run, of_all = ARTIFACTS[group].groups["/"], ARTIFACTS["summary"].groups[f"/{group}"]
    assert set(of_all) == set(of_run) - {"train_index"}  # which has no place among figures
    for name, variable in of_all.items():
        added = [dim for dim in variable.dims if dim not in of_run[name].dims]
        assert added == ["variant"]
        assert variable.dims[0] == "variant"
        assert [dim for dim in variable.dims if dim not in added] == list(of_run[name].dims)
        assert (variable.units, variable.long_name) == (of_run[name].units, of_run[name].long_name)


def test_every_entropy_behind_a_mutual_information_is_kept() -> None:
    """I(X; T) = S(X) + S(T) − S(X, T), and the same for the target."""
    information = set(ARTIFACTS["information"].groups["/"])
    for other in ("input", "target"):
        pair = "input_layer" if other == "input" else "layer_target"
        assert {f"mutual_information_{pair}", f"joint_entropy_{pair}", f"entropy_{other}"} <= information


def test_information_may_be_negative_and_entropy_may_not() -> None:
    """Estimates are stored with their sign; S ≥ 0 is a theorem."""
    for artifact, _, name, variable in EVERY:
        if variable.units == "bits":
            assert (variable.minimum == 0) == name.startswith(("entropy", "joint_entropy")), (artifact, name)


def test_activations_have_a_group_per_layer_in_either_form() -> None:
    layer = ARTIFACTS["activations"].groups[ANY_LAYER]
    assert set(layer) == {"activation", "preactivation", "error", "squared_distance", "error_squared_distance"}
    assert all(variable.optional for variable in layer.values())
    assert layer["squared_distance"].dtype == "float64"
    assert layer["squared_distance"].dims[:5] == ("seed", "epoch", "probe_batch", "sample", "other_sample")


def test_no_two_artifacts_share_a_place() -> None:
    paths = [artifact.path for artifact in ARTIFACTS.values()]
    assert len(set(paths)) == len(paths)
    inside = [(one, two) for one in paths for two in paths if two.startswith(f"{one}/")]
    assert inside == []  # Snakemake deletes a folder before the job that makes it


def test_paths_use_the_wildcards_of_the_rules() -> None:
    found = {name for artifact in ARTIFACTS.values() for name in re.findall(r"{([a-z_]+)}", artifact.path)}
    assert found == {"name", "digest", "experiment", "run", "variant", "estimator", "figure"}
