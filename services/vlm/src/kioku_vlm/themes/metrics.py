"""What is counted of themes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter

if TYPE_CHECKING:
    from kioku_vlm.themes.theme import Suggestion

THEMES = Counter("kioku_vlm_themes_total", "Themes suggested, by who worded them.", ["written_by"])
REFUSALS = Counter(
    "kioku_vlm_theme_refusals_total", "Words of the text model that were not used.", ["reason"]
)
LEFT_OUT = Counter("kioku_vlm_theme_left_out_total", "Pictures without a theme.", ["reason"])
MISSING = Counter(
    "kioku_vlm_theme_missing_total", "Calls that went without something they wanted.", ["what"]
)


def suggested(answer: Suggestion) -> None:
    """Count an answer."""
    for theme in answer.themes:
        THEMES.labels("model" if theme.wording.by_model else "template").inc()
        if theme.wording.refusal:
            REFUSALS.labels(theme.wording.refusal).inc()
    for one in answer.left_out:
        LEFT_OUT.labels(one.reason).inc()
    for what in answer.missing:
        MISSING.labels(what).inc()
