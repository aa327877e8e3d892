"""Capture: what a network computes on the probe, read by hooks that are always removed."""

from infoplane.capture.moments import Moments
from infoplane.capture.recorded import recorded_run
from infoplane.capture.recorder import Recorder
from infoplane.capture.run import Captured, Recipe, capture_run

__all__ = ["Captured", "Moments", "Recipe", "Recorder", "capture_run", "recorded_run"]
