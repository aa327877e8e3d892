"""The gallery in a real browser: its filters, its keys, and its width on a laptop and on a phone."""

import pytest
from selenium.webdriver import ActionChains, ChromeOptions
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from infoplane import gallery

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(chromium, results):
    options = ChromeOptions()
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = chromium(options)
    driver.get(gallery.save(results).as_uri())
    return driver


def _shown(browser):
    found = browser.find_elements(By.CSS_SELECTOR, "article h3")
    return [name.text for name in found if name.is_displayed()]


def test_every_filter_leaves_what_it_says(browser):
    assert _shown(browser) == ["first", "curves", "training"]
    Select(browser.find_element(By.ID, "experiment")).select_by_visible_text("new-preview")
    assert _shown(browser) == ["first", "curves"]
    Select(browser.find_element(By.ID, "kind")).select_by_visible_text("training")
    assert _shown(browser) == ["curves"]
    assert browser.find_element(By.ID, "count").text == "1 of 3 figures"
    browser.find_element(By.CSS_SELECTOR, "button").click()
    assert _shown(browser) == ["first", "curves", "training"]
    ActionChains(browser).send_keys("/", "conv1 renyi").perform()  # in the settings of one, which are folded
    assert _shown(browser) == ["first"]
    ActionChains(browser).send_keys(Keys.TAB, Keys.ENTER).perform()
    assert len(_shown(browser)) == 3
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", [1366, 500])
def test_nothing_is_wider_than_the_screen(browser, width):
    browser.set_window_size(width, 800)
    whole, seen = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert whole <= seen
    images = browser.find_elements(By.TAG_NAME, "img")
    assert all(image.size["width"] > 0.25 * seen for image in images)
