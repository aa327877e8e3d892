"""Animations: the numbers of the figure, a frame per epoch, and a page that holds nothing but data."""

import json
from html.parser import HTMLParser
from io import BytesIO

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from PIL import Image

from infoplane import figures
from infoplane.errors import ConfigError, DataError
from infoplane.figures import animation, gif, style

SWEEP = [("3-6", "relu"), ("6-12", "sigmoid")]
DIVERGED = ("v01", 1, 4.0)  # variant, seed and epoch
X, Y = "mutual_information_input_layer [bits]", "mutual_information_layer_target [bits]"
EPOCH = "epoch [epochs]"
HOSTILE = "</script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def planted(build):
    return build(SWEEP, diverged=DIVERGED, lacks=None)


@pytest.fixture(scope="module")
def film(planted):
    return animation.of(figures.information_plane, planted, {})


@pytest.fixture(scope="module")
def encoded(film):
    return gif.encoded(film, comment="of a test")


@pytest.fixture(scope="module")
def frames(encoded):
    """Every frame as it is shown, and how long."""
    with Image.open(BytesIO(encoded)) as image:
        found = []
        for index in range(image.n_frames):
            image.seek(index)
            found.append((np.asarray(image.convert("RGB")), image.info["duration"]))
    return found


class Page(HTMLParser):
    """What a browser finds in a page: its elements, its texts, and the data in it."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.inside, self.text, self.data = [], [], "", ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside.append(dict(attrs).get("id") if tag == "script" else tag)

    def handle_data(self, data):
        if self.inside and self.inside[-1] == "data" and self.cdata_elem:
            self.data += data
        elif not self.cdata_elem:
            self.text += data


def _page(film):
    return Page(animation.html(film, summary="c0ffee"))


def _data(film):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(_page(film).data, parse_constant=refuse)


def _of(summary, **options):
    return animation.of(figures.information_plane, summary, options)


def _points(panel, data):
    """Every point of a panel of the page by seed, layer and time."""
    every = {"mean": panel["means"], **dict(zip(panel["seeds"], panel["networks"], strict=True))}
    return {
        (seed, layer["name"], time): tuple(point)
        for seed, layers in every.items()
        for layer, path in zip(data["layers"], layers, strict=True)
        for time, point in zip(data["times"], path, strict=True)
        if point is not None
    }


def _expected(table):
    times = table[EPOCH].map(lambda epoch: f"epoch {epoch:g}" if epoch else "untrained")
    return dict(
        zip(zip(table["seed"], table["layer"], times, strict=True), zip(table[X], table[Y], strict=True), strict=True)
    )


def _without(summary, variant, epochs):
    """Return the summary without the measurements of a variant at some epochs."""
    changed = summary.copy(deep=True)
    data = changed["information"].to_dataset()
    measured = ~((data["variant"] == variant) & data["epoch"].isin(epochs))
    names = [name for name in data.data_vars if "epoch" in data[name].dims]
    changed["information"] = data.assign({name: data[name].where(measured) for name in names})
    return changed


class TestGif:
    def test_a_frame_for_every_epoch_and_the_last_one_is_held(self, frames, film):
        assert [duration for _, duration in frames] == [1000] * 7 + [2000]
        assert len(film.epochs) == 8
        assert {picture.shape[1] for picture, _ in frames} == {800}

    @pytest.mark.parametrize(
        ("count", "each", "whole"),
        [(1, 2000, 2000), (11, 1000, 12_000), (101, 100, 12_000), (152, 60, 11_060), (1001, 20, 22_000)],
    )
    def test_how_long_it_takes(self, count, each, whole):
        found = gif.durations(count)
        assert (len(found), found[0], found[-1], sum(found)) == (count, each, 2000, whole)

    def test_it_repeats_for_ever_and_says_what_it_is_of(self, encoded):
        with Image.open(BytesIO(encoded)) as image:
            assert (image.info["loop"], image.info["comment"]) == (0, b"of a test")

    def test_the_same_summary_gives_the_same_bytes(self, encoded, planted):
        assert gif.encoded(_of(planted), comment="of a test") == encoded

    def test_all_frames_share_one_palette(self, encoded):
        assert list(_local_palettes(encoded)) == [False] * 8

    def test_colours_are_those_of_the_layers_on_white(self, frames, film):
        layers = [to_rgb(look["color"]) for look in style.in_depth(film.layers).values()]
        for picture, _ in frames:
            seen = {colour for _, colour in Image.fromarray(picture).getcolors()}
            assert {tuple(round(255 * part) for part in colour) for colour in layers} <= seen
            assert tuple(picture[0, 0]) == (255, 255, 255)

    def test_what_does_not_move_is_the_same_in_all_frames(self, frames):
        pictures = np.stack([picture for picture, _ in frames])
        moved = (pictures != pictures[0]).any(axis=(0, 3))
        assert moved.any()
        rows = np.flatnonzero(moved.any(axis=1))
        assert not moved[rows[-1] + 1 :].any()
        assert len(pictures[0]) - rows[-1] > 60, "foot and axis below the panels"

    def test_a_frame_is_what_drawing_it_alone_gives(self, frames, film):
        """Up to what the palette rounds, most of it where the edges of two colours mix."""
        with style.applied():
            figure, movers = gif.stage(film)
            for mover in movers:
                mover.show(5)
                mover.artist.set_animated(False)
            figure.canvas.draw()
        alone = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)
        assert np.abs(alone - frames[5][0]).max() <= 56

    def test_a_lone_epoch_is_a_picture(self, build):
        found = gif.encoded(_of(build(SWEEP[:1], layers=["fc1"], epochs=[0.0], diverged=None)), comment="")
        with Image.open(BytesIO(found)) as image:
            assert (image.n_frames, image.info["duration"]) == (1, 2000)

    def test_marks_stand_where_the_table_has_them(self, film, planted):
        table = figures.information_plane.table(planted)
        with style.applied():
            _, movers = gif.stage(film)
        for index, epoch in ((0, 0.0), (6, 7.0)):
            for mover in movers:
                mover.show(index)
            lines = [mover.artist for mover in movers if isinstance(mover.artist, Line2D)]
            drawn = np.concatenate([line.get_xydata() for line in lines])
            there = table.loc[table[EPOCH] == epoch, [X, Y]].to_numpy()
            np.testing.assert_allclose(sorted(map(tuple, drawn[~np.isnan(drawn[:, 0])])), sorted(map(tuple, there)))

    def test_trails_end_at_the_means_and_fade(self, build):
        film = _of(build(SWEEP[:1], layers=["fc1", "fc2"], epochs=np.arange(20.0), diverged=None))
        with style.applied():
            _, movers = gif.stage(film)
        (trails,) = (mover for mover in movers if isinstance(mover.artist, LineCollection))
        (panel,) = film.panels.values()
        for index, length in ((0, 0), (3, 3), (19, gif.TRAIL)):
            trails.show(index)
            steps = np.stack([step.vertices for step in trails.artist.get_paths()]).reshape(2, gif.TRAIL, 2, 2)
            seen = ~np.isnan(steps).any(axis=(0, 2, 3))
            assert seen.tolist() == [False] * (gif.TRAIL - length) + [True] * length
            np.testing.assert_array_equal(steps[:, seen, 1], panel.means[:, index + 1 - length : index + 1])
        luminance = (trails.artist.get_colors()[:, :3] @ [0.299, 0.587, 0.114]).reshape(2, gif.TRAIL)
        assert (np.diff(luminance, axis=1) < 0).all()


def _local_palettes(content):
    """Tell of every frame of a GIF whether it has a palette of its own, block by block as GIF89a has them."""
    at = 13 + 3 * 2 ** ((content[10] & 7) + 1)  # behind the header and the palette of all
    while content[at] != 0x3B:
        if content[at] == 0x2C:
            packed = content[at + 9]
            yield bool(packed & 0x80)
            at += 10 + (3 * 2 ** ((packed & 7) + 1) if packed & 0x80 else 0) + 1
        else:
            at += 2
        while content[at]:
            at += 1 + content[at]
        at += 1


class TestNumbers:
    def test_they_are_those_of_the_figure(self, film, planted):
        table, data = figures.information_plane.table(planted), _data(film)
        for panel, variant in zip(data["panels"], ("v00", "v01"), strict=True):
            found, expected = _points(panel, data), _expected(table[table["variant"] == variant])
            assert found.keys() == expected.keys()
            for key, point in found.items():
                assert point == pytest.approx(expected[key], rel=1e-5), key

    def test_every_seed_is_there_however_many_the_figure_leaves_out(self, build):
        summary = build(SWEEP[:1], seeds=range(12), epochs=[0.0, 10.0], diverged=None)
        table, data = figures.information_plane.table(summary), _data(_of(summary))
        (panel,) = data["panels"]
        assert set(table["seed"]) == {"mean"}
        assert panel["seeds"] == [str(seed) for seed in range(12)]
        assert len(_points(panel, data)) == 13 * 5 * 2
        means = {key: point for key, point in _points(panel, data).items() if key[0] == "mean"}
        assert means == {key: pytest.approx(point, rel=1e-5) for key, point in _expected(table).items()}
        low, high = data["x"]["range"]
        assert all(low < x < high for x, _ in _points(panel, data).values())

    def test_options_are_those_of_the_figure(self, planted):
        data = _data(_of(planted, layers=["fc1"], variants=["v01"], split="test", estimator="binning"))
        assert [layer["name"] for layer in data["layers"]] == ["fc1"]
        assert len(data["panels"]) == 1
        with pytest.raises(ConfigError, match="layers 'fc9' is not in the summary; choose from conv1"):
            _of(planted, layers=["fc9"])

    def test_limits_are_those_of_the_figure(self, film):
        data = _data(film)
        assert [line["name"] for line in data["lines"]] == ["S(X), S(Y)", "log₂ n", "x = y"]
        expected = [[0, 5.8, None], [1, np.log2(100), None], [0, None, 3.28], [2, None, None]]
        assert data["panels"][0]["lines"] == [pytest.approx(line, nan_ok=True) for line in expected]

    def test_the_modified_plane_has_its_zero_lines(self, planted):
        film = animation.of(figures.modified_information_plane, planted, {})
        data = _data(film)
        assert [layer["name"] for layer in data["layers"]] == ["conv1", "conv2"]
        assert data["x"]["label"].endswith("about X [bits]")
        table = figures.modified_information_plane.table(planted, variants=["v00"])
        assert len(_points(data["panels"][0], data)) == len(table)

    def test_steps_stand_beside_the_epochs(self, planted):
        stepped = planted.copy(deep=True)
        data = stepped["information"].to_dataset()
        steps = np.stack([4 * data["epoch"].values, 4000 * data["epoch"].values])
        stepped["information"] = data.assign_coords(step=(("variant", "epoch"), steps))
        times = _data(_of(stepped))["times"]
        assert (times[0], times[3], times[-1]) == (
            "untrained, step 0",
            "epoch 1, step 4 to 4,000",
            "epoch 10, step 40 to 40,000",
        )
        assert _data(_of(stepped, variants=["v00"]))["times"][-1] == "epoch 10, step 40"

    def test_nothing_to_show_is_told(self, planted):
        empty = planted.copy(deep=True)
        empty["information"] = empty["information"].to_dataset() * np.nan
        with pytest.raises(DataError, match="figure 'information_plane' has nothing to draw"):
            _of(empty)


class TestGaps:
    def test_a_network_that_diverged_is_gone_from_there(self, film):
        data = _data(film)
        panel = data["panels"][1]
        alive = [point is not None for point in panel["networks"][panel["seeds"].index("1")][0]]
        assert alive == [True] * 5 + [False] * 3
        assert None not in panel["means"][0]

    def test_a_layer_that_a_variant_lacks_is_nowhere_in_it(self, build):
        data = _data(_of(build(SWEEP, diverged=None, lacks=("v01", "fc1"))))
        without = data["panels"][1]
        place = [layer["name"] for layer in data["layers"]].index("fc1")
        paths = [without["means"], *without["networks"]]
        assert all(point is None for path in paths for point in path[place])

    def test_a_variant_that_ends_early_says_so(self, planted):
        film = _of(_without(planted, "v00", [2, 4, 7, 10]))
        early, full = _data(film)["panels"]
        assert (early["last"], full["last"]) == (3, 7)
        assert [point is None for point in early["means"][0]] == [False] * 4 + [True] * 4
        with style.applied():
            figure, movers = gif.stage(film)
        for index, expected in ((3, 0), (4, 1), (7, 1)):
            for mover in movers:
                mover.show(index)
            texts = [text.get_text() for axes in figure.subfigs[1].axes for text in axes.texts]
            assert texts.count(gif.ENDED) == expected

    def test_a_variant_that_was_looked_at_less_often_stays_meanwhile(self, planted):
        path = _data(_of(_without(planted, "v00", [1, 2])))["panels"][0]["means"][0]
        assert path[2] == path[3] == path[4] != path[5]

    def test_a_single_missing_estimate_leaves_the_others(self, planted):
        changed = planted.copy(deep=True)
        data = changed["information"].to_dataset()
        here = (data["variant"] == "v00") & (data["epoch"] == 1) & (data["seed"] == 0) & (data["layer"] == "fc1")
        changed["information"] = data.assign({name: data[name].where(~here) for name in _OF_LAYERS})
        found = _data(_of(changed))["panels"][0]
        assert found["networks"][0][2][3] is None
        assert sum(point is None for network in found["networks"] for path in network for point in path) == 1
        x = [found["networks"][seed][2][3][0] for seed in (1, 2)]
        assert found["means"][2][3][0] == pytest.approx(np.mean(x), rel=1e-5)


_OF_LAYERS = ("mutual_information_input_layer", "mutual_information_layer_target")


class TestPage:
    def test_it_needs_nothing_else(self, film):
        page = _page(film)
        linked = [attrs for _, attrs in page.tags if {"src", "href"} & set(attrs)]
        assert not linked
        assert "http://www.w3.org/2000/svg" in animation.html(film, summary="")
        assert animation.html(film, summary="").count("://") == 1

    def test_it_says_what_the_figure_says(self, film, build):
        page = _page(film)
        assert "A planted pattern" in page.text
        assert "renyi α = 1.01" in page.text
        assert "3 seeds (0 to 2)" in page.text
        assert "PREVIEW" not in page.text
        assert ("meta", {"name": "summary", "content": "c0ffee"}) in page.tags
        assert "PREVIEW: a short run on part of the data" in _page(_of(build(SWEEP, preview=True))).text

    def test_names_are_texts_whatever_is_in_them(self, build):
        layers = ["fc1", f"fc{HOSTILE}"]
        summary = build([(HOSTILE, "relu"), ("<img src=x onerror=alert(1)>", "tanh")], layers=layers, lacks=None)
        summary.attrs["experiment"] = {**summary.attrs["experiment"], "title": HOSTILE, "name": "<b>bold</b>"}
        found = _of(summary)
        page, plain = _page(found), _page(_of(build(SWEEP)))
        assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
        assert HOSTILE in page.text
        data = json.loads(page.data)
        assert [layer["name"] for layer in data["layers"]] == layers
        assert HOSTILE in data["panels"][0]["title"]

    def test_shapes_are_outlines_that_point_as_the_markers_do(self):
        below, above = (animation.shape(marker) for marker in ("v", "^"))
        assert below != above
        heights = [float(part.split()[1]) for part in above.strip("MZ").replace("M", "L").split("L")]
        assert heights[0] == -0.5, "the tip is up, where the axis of a page has its smaller values"

    def test_both_files_say_what_summary_they_are_of(self, film, tmp_path):
        moving, page = tmp_path / "a.gif", tmp_path / "a.html"
        animation.save(film, gif_path=moving, page_path=page, summary="c0ffee")
        with Image.open(moving) as image:
            assert image.info["comment"] == b"information_plane of summary c0ffee"
        assert page.read_text() == animation.html(film, summary="c0ffee")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gif", "a.html"]


def test_only_planes_are_animated():
    assert figures.animated() == ["information_plane", "modified_information_plane"]


def test_settings_outside_are_left_as_they_were(film):
    with mpl.rc_context({"font.size": 5.0}):
        before = dict(mpl.rcParams)
        gif.encoded(film, comment="")
        assert dict(mpl.rcParams) == before
