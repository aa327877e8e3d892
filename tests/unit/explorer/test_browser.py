"""The explorer in a real browser: nothing from outside, every control at work, and the numbers on the screen."""

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from selenium.webdriver import ActionChains, ChromeOptions
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from infoplane.explorer import content, write

from ..figures.conftest import EPOCHS, LAYERS, VIOLATED

pytestmark = pytest.mark.browser

SCREEN = (1366, 768)
SWEEP = [("3-6", "relu"), ("6-12", "sigmoid")]
PATIENCE = 20  # s


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(chromium, downloads):
    options = ChromeOptions()
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return chromium(options)


@pytest.fixture(scope="module")
def shown(build, claims):
    """What is on the page of two variants."""
    return content.of(build(SWEEP, diverged=None, lacks=None), claims)


@pytest.fixture(scope="module")
def path(shown, tmp_path_factory):
    found = tmp_path_factory.mktemp("page") / "explorer.html"
    found.write_text(write.html(shown, summary="c0ffee"))
    return found


def _opened(browser, path: Path):
    """A page as it is when it has been loaded, on the screen of a laptop."""
    browser.set_window_size(*SCREEN)
    frame = browser.execute_script("return [outerWidth - innerWidth, outerHeight - innerHeight]")
    browser.set_window_size(*(side + more for side, more in zip(SCREEN, frame, strict=True)))
    browser.get(path.as_uri())
    return browser


@pytest.fixture
def page(browser, path):
    return _opened(browser, path)


def _picture(page) -> str:
    """All that can be seen in the panels and the verdicts."""
    panels = ["plane", "training", "chain", "verdicts", "foot"]
    return page.execute_script("return arguments[0].map((id) => element(id).innerHTML).join()", panels)


def _points(page) -> list:
    return page.execute_script("return element('plane').data.map(({ x, y }) => [x, y])")


def _choose(page, control: str, value: str) -> None:
    Select(page.find_element(By.ID, control)).select_by_value(value)


def test_it_loads_without_a_complaint_and_asks_for_nothing_outside(page):
    page.find_element(By.ID, "play").click()
    time.sleep(0.5)
    assert page.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert asked
    assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}


def test_play_moves_the_points_to_the_last_epoch(page):
    _choose(page, "speed", "4")
    before = _points(page)
    page.find_element(By.ID, "play").click()
    WebDriverWait(page, PATIENCE).until(lambda _: _points(page) != before)
    WebDriverWait(page, PATIENCE).until(
        lambda _: page.find_element(By.ID, "time").get_property("value") == str(len(EPOCHS) - 1)
    )
    WebDriverWait(page, PATIENCE).until(lambda _: "Play" in page.find_element(By.ID, "play").text)
    assert page.find_element(By.ID, "now").text == "epoch 10"


@pytest.mark.parametrize(
    ("control", "value"),
    [
        ("variant", "v01"),
        ("estimator", "binning"),
        ("split", "test"),
        ("kind", "modified"),
        ("side", "x"),
        ("side", "y"),
    ],
)
def test_a_choice_changes_the_picture(page, control, value):
    before = _picture(page)
    _choose(page, control, value)
    assert _picture(page) != before
    assert page.get_log("browser") == []


@pytest.mark.parametrize("where", ["#layers input[value=fc1]", "#seeds input[value='1']", "#none"])
def test_layers_and_seeds_change_it_too(page, where):
    before = _picture(page)
    page.execute_script("element('seeds').open = true")
    page.find_element(By.CSS_SELECTOR, where).click()
    assert _picture(page) != before
    assert page.get_log("browser") == []


def test_side_by_side_all_panels_are_at_the_same_epoch(page):
    page.execute_script("show(arguments[0])", EPOCHS.index(4.0))
    assert page.find_element(By.ID, "now").text == "epoch 4"
    assert page.find_element(By.ID, "readout").text.startswith("Epoch 4: loss ")
    (cursor,) = page.execute_script(
        "return element('training').layout.shapes.filter(({ xref }) => xref === 'x').map(({ x0 }) => x0)"
    )
    assert cursor == 4.0
    assert page.execute_script("return drawn.chain.rows.every(({ epoch }) => epoch === 4)")


def test_a_violated_step_is_crossed_when_it_is(page, browser, build, tmp_path):
    variant, layer = VIOLATED
    own = tmp_path / "explorer.html"
    own.write_text(write.html(content.of(build(diverged=None), None), summary="c0ffee"))
    _choose(_opened(browser, own), "variant", variant)
    crossed = "return element('chain').data.filter(({ name }) => name === 'error, violated')[0].text"
    assert page.execute_script(crossed) == []
    page.execute_script("show(arguments[0])", len(EPOCHS) - 1)
    (found,) = page.execute_script(crossed)
    assert found.startswith(f"fc2 → {layer}: rises by 0.3000 bits")


def test_the_csv_has_what_is_on_the_screen(page, shown, downloads):
    epoch, place = 2.0, EPOCHS.index(2.0)
    page.execute_script("show(arguments[0])", place)
    page.find_element(By.CSS_SELECTOR, "#layers input[value=fc1]").click()
    page.find_element(By.ID, "csv").click()
    file = downloads / "synthetic.explorer.csv"
    WebDriverWait(page, PATIENCE).until(lambda _: file.exists() and file.stat().st_size)
    table = pd.read_csv(file)
    plane = table[(table["panel"] == "plane") & (table["series"] == "seed")]
    points = shown["planes"][0]["variants"]["v00"]["points"]
    for axis, name in enumerate(("Mutual information I(X; T) [bits]", "Mutual information I(T; Y) [bits]")):
        own = plane[plane["quantity"] == name].pivot_table(index="seed", columns="layer", values="value")
        kept = [layer for layer in LAYERS if layer != "fc1"]
        expected = points[:, [LAYERS.index(layer) for layer in kept], place, axis]
        np.testing.assert_allclose(own[kept].to_numpy(), expected, rtol=1e-6)
    assert set(plane["epoch"]) == {epoch}
    assert set(table["panel"]) == {"plane", "training", "chain"}
    drawn = page.execute_script("return element('plane').data.filter(({ mode }) => mode === 'markers')")
    assert sum(len(trace["x"]) for trace in drawn) == 4 * (3 + 1)  # layers times seeds and their mean
    loss = table[(table["quantity"] == "Cross-entropy loss [nats]") & (table["series"] == "seed")]
    assert len(loss) == len(EPOCHS) * 2 * 3


def test_keys_play_and_go_by_one_epoch(page):
    body = page.find_element(By.TAG_NAME, "body")
    at = lambda: int(page.find_element(By.ID, "time").get_property("value"))  # noqa: E731
    body.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert at() == 2
    body.send_keys(Keys.ARROW_LEFT)
    assert at() == 1
    body.send_keys(Keys.END)
    assert at() == len(EPOCHS) - 1
    body.send_keys(Keys.HOME)
    assert at() == 0
    body.send_keys(Keys.SPACE)
    assert "Pause" in page.find_element(By.ID, "play").text
    body.send_keys(Keys.SPACE)
    assert "Play" in page.find_element(By.ID, "play").text


def test_every_control_can_be_reached_and_has_a_name(page):
    page.execute_script("element('seeds').open = true")
    controls = page.find_elements(By.CSS_SELECTOR, "button, select, input, summary, a[download]")
    wanted = {each for each in controls if each.is_displayed()}
    assert len(wanted) > 15
    assert [each.get_attribute("outerHTML") for each in wanted if not each.accessible_name] == []
    reached = set()
    page.find_element(By.TAG_NAME, "body").click()
    for _ in range(len(wanted) + 5):
        ActionChains(page).send_keys(Keys.TAB).perform()
        reached.add(page.switch_to.active_element)
    assert wanted <= reached


def test_a_point_tells_what_it_is_when_it_is_pointed_at(page):
    mark = page.find_elements(By.CSS_SELECTOR, "#plane .trace path.point")[0]
    ActionChains(page).move_to_element(mark).perform()
    WebDriverWait(page, PATIENCE).until(lambda _: page.find_elements(By.CSS_SELECTOR, "#plane .hovertext"))
    text = page.find_element(By.CSS_SELECTOR, "#plane .hovertext").text
    assert "seed" in text
    assert any(layer in text for layer in LAYERS)


def test_verdicts_are_those_of_the_estimator_on_the_screen(page):
    assert "0.7 [0.6, 0.8] bits, 3 seeds" in page.find_element(By.ID, "verdicts").text
    _choose(page, "estimator", "binning")
    assert page.find_element(By.ID, "verdicts").text == ""
    assert page.find_element(By.ID, "others").text.startswith("1 more ")


def test_it_fits_on_the_screen_of_a_laptop(page):
    assert page.execute_script("return [innerWidth, innerHeight]") == list(SCREEN)
    assert page.execute_script("return document.documentElement.scrollWidth") <= SCREEN[0]
    for name in ("plane", "training", "chain"):
        own = page.find_element(By.ID, name).rect
        assert own["y"] + own["height"] <= SCREEN[1]
        assert own["height"] > 150
    heads = page.find_elements(By.CSS_SELECTOR, "main h2, #readout, main p")
    assert page.execute_script("return arguments[0].filter((e) => e.scrollWidth > e.clientWidth)", heads) == []


def test_what_an_experiment_lacks_has_no_control_and_is_named(browser, build, tmp_path):
    summary = build([("3-6", "relu")], diverged=None, lacks=None)
    for group in ("decomposition", "error_chain"):
        del summary[group]
    own = tmp_path / "explorer.html"
    own.write_text(write.html(content.of(summary, None), summary="c0ffee"))
    page = _opened(browser, own)
    seen = {
        name: page.find_element(By.ID, name).is_displayed() for name in ("variant", "kind", "estimator", "verdicts")
    }
    assert seen == {"variant": False, "kind": False, "estimator": True, "verdicts": False}
    said = page.find_element(By.ID, "absent").text
    assert "No modified information plane: the experiment does not measure 'decomposition'." in said
    assert "No verdicts: the experiment makes no claims." in said
    assert page.get_log("browser") == []


def test_without_estimates_the_training_plays(browser, build, tmp_path):
    summary = build([("3-6", "relu")], diverged=None, lacks=None)
    for group in ("information", "decomposition", "error_chain"):
        del summary[group]
    own = tmp_path / "explorer.html"
    own.write_text(write.html(content.of(summary, None), summary="c0ffee"))
    page = _opened(browser, own)
    page.find_element(By.TAG_NAME, "body").send_keys(Keys.END)
    assert page.find_element(By.ID, "now").text == "epoch 10"
    assert not page.find_element(By.ID, "plane").is_displayed()
    assert page.get_log("browser") == []


def test_fifty_networks_play_smoothly(browser, build, tmp_path):
    """An epoch of 50 seeds and 60 checkpoints takes no half second, on a busy machine too."""
    epochs = [0.0, *np.geomspace(0.1, 1000, 59)]
    summary = build([("3-6", "relu")], seeds=range(50), epochs=epochs, diverged=None, lacks=None)
    own = tmp_path / "explorer.html"
    own.write_text(write.html(content.of(summary, None), summary="c0ffee"))
    page = _opened(browser, own)
    taken = page.execute_script(
        "const begun = performance.now(); for (let i = 20; i < 40; i++) show(i);"
        "return (performance.now() - begun) / 20;"
    )
    assert taken < 500  # ms
