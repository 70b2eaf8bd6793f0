"""The catalogue: both languages, the same places, nothing missing, no fault that is never used."""

from __future__ import annotations

import ast
import re
from string import Formatter
from typing import TYPE_CHECKING

import pytest

from clustermap.messages import LANGUAGES, Message, read_catalogue, say
from clustermap.messages.particles import settle_particles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HANGUL = re.compile("[가-힣]")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def calls(root: Path, name: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls of a class whose first argument is a literal, with that literal."""
    for file in sorted((root / "clustermap").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _called(node) == name and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value, node


def _called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def texts(root: Path) -> set[str]:
    """Every text constant of the package."""
    return {
        node.value
        for file in (root / "clustermap").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@pytest.mark.parametrize("key", read_catalogue())
def test_an_entry_says_the_same_in_both_languages(key: str) -> None:
    entry = read_catalogue()[key]
    assert set(entry) == set(LANGUAGES)
    assert places(entry["ko"]) == places(entry["en"])
    assert all(text.strip() == text and "\n" not in text for text in entry.values())
    words = re.sub(r"\{[^}]*\}|[\d\W_]|clustermap", "", entry["en"])
    if entry["ko"] != entry["en"] or len(words) > 3:  # "km²" is the same in both
        assert HANGUL.search(entry["ko"]) or not words, f"{key} has no Korean"


def test_every_message_of_the_code_is_in_the_catalogue(root: Path) -> None:
    used = {key for key, _ in calls(root, "Message")}
    assert used
    assert used - read_catalogue().keys() == set()


def test_every_fault_of_the_code_says_what_and_cure(root: Path) -> None:
    used = {reason for reason, _ in calls(root, "TableFault")}
    used |= {reason for reason, _ in calls(root, "PydanticCustomError")}
    wanted = {f"fault.{reason}.{part}" for reason in used for part in ("what", "cure")}
    assert wanted - read_catalogue().keys() == set()


def test_every_fault_of_the_catalogue_is_used(root: Path) -> None:
    constants = texts(root)
    reasons = {key.split(".")[1] for key in read_catalogue() if key.startswith("fault.")}
    assert {reason for reason in reasons if reason not in constants} == set()


def test_a_message_written_in_place_fills_every_place(root: Path) -> None:
    for key, node in calls(root, "Message"):
        given = node.args[1] if len(node.args) > 1 else None
        if given is None or isinstance(given, ast.Dict):
            keys = given.keys if isinstance(given, ast.Dict) else []
            names = {k.value for k in keys if isinstance(k, ast.Constant)}
            if None not in keys:  # a ** inside the dictionary hides its names
                assert places(read_catalogue()[key]["en"]) <= names, key


def test_values_are_put_in_as_they_stand() -> None:
    line = Message("cli.line", {"line": "{0} {line} %s"})
    assert say(line, "ko") == say(line, "en") == "{0} {line} %s"


@pytest.mark.parametrize(
    ("value", "pair", "settled"),
    [
        ("400억 원", "을(를)", "을"), ("30곳의 차", "을(를)", "를"), ("가온", "이(가)", "이"),
        ("나래(가상)", "이(가)", "가"), ("2026", "은(는)", "은"), ("24", "은(는)", "는"),
        ("30 %", "와(과)", "와"), ("3", "과(와)", "과"), ("Alpha", "와(과)", "와"),
        ("", "을(를)", "을(를)"), (7, "을(를)", "을"), ("Group", "을(를)", "을(를)"),
        ("EPSG:5179", "(으)로", "로"), ("EPSG:5186", "(으)로", "으로"), ("2011", "(으)로", "로"),
        ("서울", "(으)로", "로"), ("서울", "이(가)", "이"), ("대전", "(으)로", "으로"),
        ("firms", "(으)로", "로"), ("공장.csv", "과(와)", "와"), ("Berlin", "(으)로", "으로"),
        ("IBM", "은(는)", "은"), ("ETRI", "은(는)", "는"), ("XML", "(으)로", "로"),
        ("(주)", "이(가)", "가"), ("시험(주)", "이(가)", "이"), ("시험(가(주))", "은(는)", "는"),
    ],
)  # fmt: skip
def test_a_particle_follows_the_last_sound(value: object, pair: str, settled: str) -> None:
    for before in ("{one}", "'{one}'", "{one}({two})", "{one} ({two})", "{one:>1}"):
        told = settle_particles(f"{before}{pair} 봅니다", {"one": value, "two": "가"})
        assert told == f"{before}{settled} 봅니다"


def test_only_templates_are_settled_never_values() -> None:
    name = "을(를){two}은(는)"
    told = say(Message("missing_link.told", {"other": name, "observed": 1, "expected": 2}), "ko")
    assert told.startswith(f"{name}")
