"""What stands under a figure."""

import pytest
from matplotlib.text import Text

from infoplane import figures
from infoplane.figures import notes, select


def _foot(name, summary, **options):
    page = getattr(figures, name)
    chosen = select.resolve(summary, page, page.check(options))
    return notes.gather(summary, page, chosen, "reading").foot


def _written(figure):
    """Return all texts of a figure, the foot last."""
    texts = [text.get_text() for part in figure.subfigs for text in part.findobj(Text)]
    return " ".join(texts).replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ").strip()


def test_the_foot_says_all_that_a_value_depends_on(summary):
    assert _foot("information_plane", summary) == (
        "digits, train probe",
        "renyi α = 1.01, joint multivariate, σ: silverman × 5, label kernel indicator",
        "n = 100 (log₂ n = 6.64 bits), mean of 2 probe batches",
        "median distance / σ: 2.1 (X), 1 to 2 (T)",
        "3 seeds (0 to 2)",
        "reading",
        "1 of 15 networks diverged",
    )


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        ({"file": "some/folder/own.npz"}, "own.npz, train probe"),
        ({"factory": "data/make.py:spirals", "turns": 3}, "make.py:spirals, train probe"),
        ({"name": "mnist", "limit": 100}, "mnist, train probe"),
    ],
)
def test_data_are_named_wherever_they_come_from(build, dataset, said):
    assert _foot("information_plane", build([("3-6", "relu")], dataset=dataset))[0] == said


def test_errors_have_a_width_of_their_own(summary):
    foot = " ".join(_foot("data_processing", summary))
    assert "σ of errors: silverman × 0.1" in foot
    assert "(δ)" in foot


def test_pairs_have_the_widths_of_their_layers_where_these_are_known(build):
    summary = build()
    said = "median distance / σ: 2.1 (X), 1 to 2 (T)"
    assert said in _foot("symmetric_pairs", summary)
    assert "median distance / σ: 2.1 (X), 2 (T)" in _foot("symmetric_pairs", summary, layers=["conv1"])
    alone = " ".join(_foot("symmetric_pairs", summary.drop_nodes("information")))
    assert "median distance" not in alone


def test_another_kind_of_estimator_names_its_own_settings(summary):
    assert "binning bins 30" in _foot("information_plane", summary, estimator="binning", split="test")
    assert "digits, test probe" in _foot("information_plane", summary, split="test")


def test_a_bound_is_found_by_the_estimator_that_gives_it(build):
    summary = build([("3-6", "relu")], estimators=[{"name": "kde", "kind": "kde", "noise_variance": 0.1}])
    summary["information"] = summary["information"].to_dataset().assign_coords(estimator=["kde_upper", "kde_lower"])
    said = "kde_upper noise variance 0.1; I(T; Y) is of two such bounds, itself no bound"
    assert said in _foot("information_plane", summary)


def test_training_names_no_estimator(summary):
    assert _foot("training", summary) == ("digits", "3 seeds (0 to 2)", "reading", "1 of 15 networks diverged")


@pytest.mark.parametrize(
    ("seeds", "said"), [([7], "seed 7"), ([0, 5], "2 seeds (0, 5)"), ([1, 2, 3, 4], "4 seeds (1 to 4)")]
)
def test_seeds(build, seeds, said):
    assert said in _foot("training", build([("3-6", "relu")], seeds=seeds, diverged=None))


def test_only_the_variants_drawn_are_counted(summary):
    assert not any("diverged" in phrase for phrase in _foot("training", summary, variants=["v00"]))
    assert "1 of 3 networks diverged" in _foot("training", summary, variants=["v02"])


@pytest.mark.parametrize("name", ["information_plane", "modified_information_plane", "planes"])
@pytest.mark.parametrize(
    ("seeds", "said", "unsaid"), [(10, "thin: each seed", "bars:"), (11, "bars: ± 1 standard deviation", "thin:")]
)
def test_the_foot_of_a_plane_names_only_what_is_drawn_of_the_seeds(build, name, seeds, said, unsaid):
    summary = build([("3-6", "relu")], seeds=range(seeds), epochs=[0, 1], diverged=None)
    written = _written(getattr(figures, name)(summary))
    assert f"thick: mean over seeds; {said}" in written
    assert unsaid not in written


@pytest.mark.parametrize("name", ["information_plane", "modified_information_plane", "planes"])
def test_of_a_single_seed_a_plane_says_nothing_of_means(build, name):
    written = _written(getattr(figures, name)(build([("3-6", "relu")], seeds=[0], epochs=[0, 1], diverged=None)))
    assert "seed 0" in written
    assert "mean over seeds" not in written


def test_pairs_left_out_of_the_percentages_are_counted(build):
    summary = build([("3-6", "relu")])
    summary["decomposition"]["pairs_excluded"].loc[{"layer": "conv2"}] = 7
    written = _written(figures.redundancy_synergy(summary))
    assert "pairs of maps with at most 1e-6 bits left out: up to 7 of 15 in a layer" in written
    assert "left out" not in _written(figures.redundancy_synergy(summary, layers=["conv1"]))


@pytest.fixture
def untrained(build):
    """A summary without a training, of which one seed, or all, have no value at the last epoch."""

    def make(*seeds):
        summary = build([("3-6", "relu")], diverged=None)
        for name in ("information", "decomposition"):
            data = summary[name].to_dataset()
            summary[name] = data.where(~((data["epoch"] == 10) & data["seed"].isin(seeds)))
        return summary.drop_nodes("training")

    return make


@pytest.mark.parametrize(
    ("seeds", "said", "end"), [((2,), "1 of 3", "last epoch"), ((0, 1, 2), "3 of 3", "with values")]
)
@pytest.mark.parametrize("name", ["information_plane", "information_plane_by_layer", "planes"])
def test_networks_without_a_value_at_the_end_are_counted_and_nothing_else_is_called_last(
    untrained, name, seeds, said, end
):
    written = _written(getattr(figures, name)(untrained(*seeds)))
    assert f"{said} networks without a value at epoch 10, the last" in written
    assert ("last epoch with values" in written) == (end == "with values")
    assert "without a value" not in _written(getattr(figures, name)(untrained()))


def test_where_every_network_of_a_variant_diverged_its_end_is_not_called_the_last_epoch(build):
    assert "last epoch with values" in _written(
        figures.information_plane(build([("3-6", "relu")], seeds=[1], diverged=("v00", 1, 4.0)))
    )
    assert "with values" not in _written(figures.information_plane(build([("3-6", "relu")], diverged=("v00", 1, 4.0))))


def test_networks_that_learned_nothing_are_counted(build):
    summary = build([("3-6", "relu"), ("6-12", "relu")])
    data = summary["training"].to_dataset()
    data["accuracy"].loc[{"variant": "v01", "seed": 2}] = 0.1
    summary["training"] = data
    assert "1 of 6 networks learned nothing" in _written(figures.training(summary))
    assert "learned nothing" not in _written(figures.training(summary, variants=["v00"]))


def test_what_all_variants_that_are_shown_have_in_common_is_told(summary):
    """Titles tell what differs among them."""
    written = _written(figures.information_plane(summary, variants=["v01", "v04"]))
    assert "filters 6-12" in written
    assert "filters 6-12, relu" in _written(figures.information_plane(summary, variants=["v01"]))


def test_a_preview_says_so_on_its_face_and_at_its_foot(build):
    figure = figures.training(build([("3-6", "relu")], preview=True))
    assert "PREVIEW: a short run" in _written(figure)
    assert _written(figure).endswith("PREVIEW")
