"""The synthetic summary of the figures, with its planted pattern."""

from ..figures.conftest import build, summary

__all__ = ["build", "summary"]
