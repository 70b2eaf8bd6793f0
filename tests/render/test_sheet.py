"""The score sheet: its figures are those of the tables, and no text of the user is markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import clustermap
from clustermap.messages import LANGUAGES, Message, say
from clustermap.publish.sheet import Sheet
from clustermap.render.bars import Axis, percent, span_all, two
from clustermap.render.markup import element, text
from clustermap.render.safe import clean_text
from clustermap.render.sheet import draw_sheet
from clustermap.scores.methods import FACTORS
from tests.render import worlds
from tests.small_world import build_small_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clustermap.messages import Language
    from clustermap.publish.release import Release
    from tests.chromium import Visit

    Go = Callable[..., Visit]

NAN = np.nan
QUALITY = pd.DataFrame(
    [
        ("score", "", "alpha", 0.614),
        ("embeddedness", "openness", "pearson", -0.512),
        ("embeddedness", "resilience", "pearson", NAN),
        ("openness", "resilience", "pearson", NAN),
        ("embeddedness", "openness", "spearman", 0.736),
        ("embeddedness", "resilience", "spearman", NAN),
        ("openness", "resilience", "spearman", NAN),
        ("embeddedness", "score", "weight", 0.25),
        ("embeddedness", "score", "effect", 0.618),
        ("openness", "score", "weight", 0.45),
        ("openness", "score", "effect", 0.382),
        ("resilience", "score", "weight", 0.30),
        ("resilience", "score", "effect", NAN),
        ("score", "size", "spearman", -0.123),
        ("embeddedness", "size", "spearman", 0.287),
        ("openness", "size", "spearman", 0.004),
        ("resilience", "size", "spearman", NAN),
    ],
    columns=["part", "other", "statistic", "value"],
)
SENSITIVITY = pd.DataFrame(
    [
        ("weights", 0.111, 0.052, 0.171, 0.133, 0.091, 0.194),
        ("null", 0.572, 0.441, 0.693, 0.746, 0.618, 1.083),
        ("data", -0.021, -0.063, 0.034, 0.264, 0.183, 0.352),
    ],
    columns=["factor", "first", "first_low", "first_high", "total", "total_low", "total_high"],
)
FINDINGS = (
    Message("quality.alpha.low", {"alpha": "0.61"}),
    Message(
        "quality.rare",
        {"part": Message("subscore.resilience.label"), "units": "3", "all": "24"},
    ),
)
SHEET = Sheet("balanced", "mass", ("region", "size"), 1000, 24, 640, FINDINGS, QUALITY, SENSITIVITY)


def make_release() -> Release:
    return replace(worlds.small_release(), sheet=SHEET)


@pytest.fixture(scope="module")
def page() -> bytes:
    return draw_sheet(make_release())


class _Reader(HTMLParser):
    """What a reader of one language sees: the texts of each section, in order."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self.language = language
        self.open: list[str] = []
        self.inside = 0
        self.sections: list[list[str]] = []
        self.told: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("meta", "input"):
            return
        self.open.append(tag)
        if dict(attrs).get("class") == f"page in-{self.language}":
            self.inside = len(self.open)
        if tag == "section" and self.inside:
            self.sections.append([])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if len(self.open) < self.inside:
            self.inside = 0

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.told.append(data)
            if "section" in self.open:
                self.sections[-1].append(data)


def read(page: bytes, language: Language) -> _Reader:
    reader = _Reader(language)
    reader.feed(page.decode())
    reader.close()
    assert reader.open == []
    return reader


def sections(page: bytes, language: Language = "en") -> list[str]:
    """Basis, findings, choices, correlations, weights, size."""
    found = ["|".join(texts) for texts in read(page, language).sections]
    assert len(found) == 6
    return found


def test_says_what_the_score_rests_on(page: bytes) -> None:
    basis = sections(page)[0]
    for told in ("Clusters|6", "Rated|4", "Not rated|2", "Profile|balanced",
                 "Allowed for|region, number of actors",
                 "|1,000", "same mix of actors at the same distances",
                 "Few_links|1", "Suppressed|1", "What to know first"):  # fmt: skip
        assert told in basis
    korean = sections(page, "ko")[0]
    for told in ("클러스터|6", "평가함|4", "평가하지 않음|2", "지역, 주체 수", "1,000번"):
        assert told in korean


def test_findings_are_sentences_in_both_languages(page: bytes) -> None:
    for language in LANGUAGES:
        found = sections(page, language)[1]
        assert all(say(finding, language) in found for finding in FINDINGS)
        assert "24" in found


def test_choices_stand_with_the_largest_total_first(page: bytes) -> None:
    choices = sections(page)[2]
    label = {factor: say(Message(f"factor.{factor}.label"), "en") for factor in FACTORS}
    order = [choices.rindex(f"|{label[factor]}|") for factor in ("null", "data", "weights")]
    assert order == sorted(order)
    for told in ("Total effect| |0.75| |(0.62 … 1.08)", "First-order effect| |0.57| |(0.44 …",
                 "0.26| |(0.18 … 0.35)", "−0.02| |(−0.06 … 0.03)", "0.13| |(0.09 … 0.19)",
                 "about 75\u202f% of the variance", "(90\u202f% interval 62–108\u202f%)",
                 "640 analyses"):  # fmt: skip
        assert told in choices
    assert label["null"] in choices[: choices.index("about 75")]
    assert "cannot be told apart" not in choices
    assert label["boundary"] not in choices
    korean = sections(page, "ko")[2]
    for factor in ("null", "data", "weights"):
        assert say(Message(f"factor.{factor}.meaning"), "ko") in korean


def test_choices_whose_intervals_overlap_are_named() -> None:
    near = SENSITIVITY.assign(total_high=[0.194, 1.083, 0.618])
    sheet = replace(SHEET, sensitivity=near)
    told = sections(draw_sheet(replace(make_release(), sheet=sheet)))[2]
    assert "cannot be told apart from: 'What the data leave open'." in unescape(told)


def test_correlations_are_those_of_the_table(page: bytes) -> None:
    markup = page.decode()
    table = re.findall(r'<table class="correlations">.*?</table>', markup, re.DOTALL)[1]
    rows = [
        re.findall(r"<td[^>]*>(.*?)</td>", row)
        for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)[1:]
    ]
    # Spearman above the diagonal, Pearson below; the size of clusters is no part.
    assert rows == [["", "0.74", "–"], ["−0.51", "", "–"], ["–", "–", ""]]
    shades = re.findall(r'<td style="background:rgb\((\d+) \d+ \d+ / (\d+)%\)">', table)
    assert shades == [("31", "29"), ("217", "20")]
    told = sections(page)[3]
    assert "Cronbach's alpha: 0.61|" in told
    assert "A dash" in told


def test_weights_and_size_are_those_of_the_table(page: bytes) -> None:
    weights, size = sections(page)[4:]
    for name, said, counts in (("Local embeddedness", "25\u202f%", "62\u202f%"),
                               ("Openness", "45\u202f%", "38\u202f%"),
                               ("Resilience", "30\u202f%", "–")):  # fmt: skip
        assert f"|{name}|Weight in use (mean)| {said}|In effect| {counts}|" in weights
    assert "|The whole score|−0.12|Local embeddedness|0.29|Openness|0.00|Resilience|–" in size


def test_bars_are_as_long_as_their_numbers(page: bytes) -> None:
    half = page.decode().split('class="page in-en"')[1]
    # The axis of choices goes from the lowest end, -0.063, to the highest, 1.083.
    length = 1.083 + 0.063
    zero, value = 100 * 0.063 / length, 100 * 0.746 / length
    total = f'<i class="fill total" style="left:{zero:.2f}%;width:{value:.2f}%"></i>'
    low, width = 100 * (0.618 + 0.063) / length, 100 * (1.083 - 0.618) / length
    interval = f'<i class="interval" style="left:{low:.2f}%;width:{width:.2f}%"></i>'
    assert total + interval in half
    # That of weights ends at the next ten per cent: 70.
    assert f'<i class="fill nominal" style="left:0.00%;width:{100 * 25 / 70:.2f}%"></i>' in half
    # That of size goes from -1 to 1, and what falls with size lies left of the middle.
    assert '<i class="fill against" style="left:43.85%;width:6.15%"></i>' in half
    assert '<i class="fill with" style="left:50.00%;width:14.35%"></i>' in half


def test_both_languages_say_the_same_and_one_opens() -> None:
    for language in LANGUAGES:
        markup = draw_sheet(replace(make_release(), language=language)).decode()
        assert f'<html lang="{language}">' in markup
        checked = re.findall(r'id="show-(\w+)"[^>]*checked="checked"', markup)
        assert checked == [language]
        assert [f'lang="{one}"' in markup for one in LANGUAGES] == [True, True]
    korean, english = (read(draw_sheet(make_release()), one) for one in LANGUAGES)
    assert re.findall(r"\d\.\d\d", "".join(korean.told)) == re.findall(
        r"\d\.\d\d", "".join(english.told)
    )
    own = (
        "".join(english.told)
        .replace("시험 지도", "")
        .replace("한국어", "")
        .replace("합성 자료", "")
    )
    assert not re.search("[가-힣]", own)


def test_synthetic_and_internal_are_said_at_the_top() -> None:
    for language, synthetic in (("ko", "합성 데이터 — 실제"), ("en", "Synthetic data — not real")):
        release = replace(make_release(), internal=True)
        told = "".join(read(draw_sheet(release), language).told)
        assert told.index(synthetic) < told.index("balanced")
        assert say(Message("page.internal_long"), language) in told
    assert "<title>[합성 데이터] 시험 지도 · 점수 점검표</title>" in draw_sheet(release).decode()
    real = draw_sheet(replace(make_release(), synthetic=False)).decode()
    assert "<title>시험 지도 · 점수 점검표</title>" in real
    assert "Synthetic data" not in real


def test_same_release_same_bytes(page: bytes) -> None:
    assert draw_sheet(make_release()) == page
    assert b"\r" not in page


def test_no_script_and_no_address(page: bytes) -> None:
    markup = page.decode()
    assert "<script" not in markup
    assert not re.search(r"""\s(?:src|href|on\w+)\s*=|url\(|@import|https?:""", markup)
    assert "default-src 'none'; style-src 'unsafe-inline'" in markup


def hostile() -> Release:
    texts = list(worlds.HOSTILE)
    count = len(texts)
    quality = pd.DataFrame(
        [(one, other, statistic, 0.5) for statistic in ("pearson", "spearman")
         for at, one in enumerate(texts) for other in texts[at + 1 :]]
        + [(one, "score", statistic, 1 / count) for one in texts
           for statistic in ("weight", "effect")]
        + [(one, "size", "spearman", 0.5) for one in texts],
        columns=QUALITY.columns,
    )  # fmt: skip
    numbers = {name: np.linspace(0.1, 0.9, count) for name in SENSITIVITY.columns[1:]}
    sheet = Sheet(
        profile=texts[1],
        null=texts[0],
        allow_for=worlds.HOSTILE,
        units=24,
        findings=tuple(Message("quality.weight.against", {"part": t, "r": t}) for t in texts),
        quality=quality,
        sensitivity=pd.DataFrame({"factor": texts, **numbers}),
    )
    release = worlds.hostile_release()
    scores = release.scores.assign(rated=0, reason=texts)
    return replace(release, sheet=sheet, scores=scores)


def test_hostile_text_stays_text() -> None:
    page = draw_sheet(hostile())
    markup = page.decode()
    tags = {name.lower() for name in re.findall(r"<([A-Za-z!][\w-]*)", markup)}
    assert tags.isdisjoint({"img", "script"})
    assert not re.search(r"<!--|\{\{|\$\{", markup.split("</style>")[-1])
    assert ">49<" not in markup
    assert "\0" not in markup
    for language in LANGUAGES:  # all elements close: a name that broke out would leave one open
        told = sections(page, language)
        for attack in worlds.HOSTILE[:3]:
            shown = clean_text(attack)
            assert shown in told[0]  # allowed for, reasons and notes
            assert all(shown in one for one in told[1:])
        assert clean_text(worlds.HOSTILE[5]) in "".join(read(page, language).told)


def test_empty_tables_are_said_in_words() -> None:
    release = worlds.small_release()
    none = release.scores.assign(rated=0, reason="reason.no_records")
    page = draw_sheet(replace(release, scores=none, sheet=Sheet("balanced", "mass")))
    for language in LANGUAGES:
        told = sections(page, language)
        keys = ("basis.none_rated", "choices.none", "together.none", "weights.none", "size.none")
        for key, section in zip(keys, told[1:], strict=True):
            assert say(Message(f"sheet.{key}"), language) in section
        assert say(Message("sheet.together.alpha_none"), language) in told[3]
        assert say(Message("sheet.basis.draws_none"), language) in told[0]
    assert "There is no record of any scored kind of linkage" in sections(page)[0]
    assert "|6" in sections(page)[0]


def test_a_release_without_a_sheet_opens() -> None:
    bare = replace(worlds.small_release(), scores=worlds.small_release().scores.iloc[:0])
    told = sections(draw_sheet(bare))
    assert "All clusters are rated" not in told[0]
    assert "Profile|not known" in told[0]


def test_figures_that_are_all_null_are_said_in_words() -> None:
    sensitivity = SENSITIVITY.assign(**dict.fromkeys(SENSITIVITY.columns[1:], NAN))
    sheet = replace(SHEET, quality=QUALITY.assign(value=None), sensitivity=sensitivity)
    page = draw_sheet(replace(make_release(), sheet=sheet))
    told = sections(page)
    assert say(Message("sheet.choices.still"), "en") in told[2]
    assert told[3].count("–") >= 6
    assert say(Message("sheet.weights.none"), "en") in told[4]
    assert say(Message("sheet.size.none"), "en") in told[5]
    assert "nan" not in "".join(told).lower()


def test_one_choice_without_an_effect_comes_last() -> None:
    table = SENSITIVITY.copy()
    table.loc[1, table.columns[1:]] = NAN
    table.loc[2, ["total_low", "total_high"]] = NAN
    told = sections(draw_sheet(replace(make_release(), sheet=replace(SHEET, sensitivity=table))))[2]
    assert told.index("0.26|") < told.index("0.13|") < told.index("cannot be computed")
    assert 'What the data leave open": about 26\u202f%' in told
    assert "nan" not in told.lower()


def test_numbers_and_axes() -> None:
    assert [two(0.005), two(-0.004), two(-1.0), percent(0.996)] == ["0.01", "0.00", "−1.00", "100"]
    axis = span_all([NAN, -0.2, 0.4], 1.0)
    assert axis == Axis(-0.2, 1.0)
    assert axis.place(-9) == 0
    assert axis.place(0.4) == pytest.approx(50)
    assert span_all([1.3], 1.0).place(1.3) == 100


def test_elements_escape_their_attributes() -> None:
    assert element("i", text("<b>"), title='"><b>') == (
        '<i title="&quot;&gt;&lt;b&gt;">&lt;b&gt;</i>'
    )
    assert element("input", for_="a", aria_label="b") == '<input for="a" aria-label="b">'


def test_a_run_writes_both_pages(tmp_path: Path) -> None:
    world = build_small_world()
    world.project = world.project.replace('name = "작은 세계"', 'name = "작은 <세계>"')
    run = clustermap.draw_map(clustermap.open_project(world.write(tmp_path)))
    maps = tmp_path / "out" / "maps"
    assert (run.page, run.sheet) == (maps / "planner.html", maps / "sheet.html")
    page = (maps / "sheet.html").read_bytes()
    told = sections(page, "ko")
    assert f"클러스터|{run.summary['clusters']}" in told[0]
    assert f"평가함|{run.summary['rated']}" in told[0]
    assert "balanced" in told[0]
    assert "<h1>작은 &lt;세계&gt;</h1>" in page.decode()


@pytest.mark.parametrize("width", [390, 1440])
def test_opens_in_a_browser_without_a_word(visit: Go, page: bytes, width: int) -> None:
    seen = visit(page, width, 844, ready="document.readyState == 'complete'")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    cut = (
        "[...document.querySelectorAll('.sheet *')].filter(one => one.offsetWidth > 1"
        " && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display != 'inline')"
        ".map(one => one.textContent)"
    )
    for language, shown, hidden in (("ko", "무엇에 근거한", "What the score rests on"),
                                    ("en", "What the score rests on", "무엇에 근거한"),
                                    ("ko", "무엇에", "What the score rests on")):  # fmt: skip
        seen.page.click(f"label[for=show-{language}] >> visible=true")
        told = seen.page.inner_text("body")
        assert shown in told
        assert hidden not in told
        assert seen.page.evaluate(wide) == 0
        assert seen.page.evaluate(cut) == []
    seen.page.focus("#show-ko")
    seen.page.keyboard.press("ArrowRight")
    assert "What the score rests on" in seen.page.inner_text("body")
    seen.assert_quiet()


def test_hostile_names_in_a_browser(visit: Go) -> None:
    seen = visit(draw_sheet(hostile()), 390, 844, ready="document.readyState == 'complete'")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert seen.page.locator("h1 >> visible=true").inner_text().startswith("<img src=x")
    assert seen.page.evaluate(wide) == 0
    seen.assert_quiet()
