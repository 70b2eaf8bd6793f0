"""User text made safe."""

import json
import math

import pytest

from clustermap.render.safe import LONGEST, clean_text, escape_text, inert_json
from tests.render.worlds import HOSTILE


@pytest.mark.parametrize("text", HOSTILE)
def test_inert_json_holds_the_text_and_no_markup(text: str) -> None:
    shown = clean_text(text)
    written = inert_json({"name": shown})
    assert json.loads(written) == {"name": shown}
    assert "<" not in written
    assert "\u2028" not in written
    written.encode("utf-8")


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_inert_json_refuses_what_is_no_number(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        inert_json([number])


def test_clean_text() -> None:
    assert clean_text("a\x00b\nc") == "a\ufffdb\ufffdc"
    assert clean_text("\ud800") == "\ufffd"
    assert clean_text("가" * 10_000) == "가" * (LONGEST - 1) + "…"
    assert clean_text("🧪 나노") == "🧪 나노"
    assert clean_text(None) == clean_text(math.nan) == ""


def test_escape_text_survives_a_template() -> None:
    assert escape_text("{{ 7*7 }}<b>`${1}\\") == (
        "&#123;&#123; 7*7 &#125;&#125;&lt;b&gt;&#96;&#36;&#123;1&#125;&#92;"
    )
