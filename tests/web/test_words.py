"""No sentence of a page stands in only one language, or in the template itself."""

from __future__ import annotations

import json
import re
import string
from html.parser import HTMLParser
from pathlib import Path

import pytest

from web.words import LANGUAGES, preferred, words

WEB = Path(__file__).parents[2] / "web"
TEMPLATES = sorted((WEB / "templates").glob("*.html"))
# What a template asks for: t("key") and t("prefix." ~ something), whose keys begin so.
_WHOLE = re.compile(r"""\bt\(\s*["']([\w.]+)["']\s*[,)]""")
_BEGUN = re.compile(r"""\bt\(\s*["']([\w.]+)["']\s*~""")
_JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_READ_OUT = {"alt", "title", "placeholder", "aria-label", "aria-description", "aria-valuetext", "label"}


def _names(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_both_catalogues_have_the_same_sentences_with_the_same_places() -> None:
    english, korean = words("en").sentences, words("ko").sentences
    assert set(english) == set(korean)
    assert {key: _names(text) for key, text in english.items()} == {
        key: _names(text) for key, text in korean.items()
    }
    assert all(text.strip() for text in (*english.values(), *korean.values()))


def test_no_korean_sentence_was_left_in_english() -> None:
    korean = words("ko").sentences
    left = [key for key, text in korean.items() if not re.search("[가-힣]", text) and text != "Gotcha"]
    # Names of things that Korean writes in Latin letters, and bare numbers and units.
    assert [key for key in left if re.search("[A-Za-z]{4}", korean[key])] == []


def test_no_key_stands_twice_in_a_file() -> None:
    for path in (WEB / "languages").rglob("*.json"):
        pairs = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=list)
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), path


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_sentence_a_template_asks_for_is_there(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    known = words("en").sentences
    assert [key for key in _WHOLE.findall(text) if key not in known] == []
    assert [begin for begin in _BEGUN.findall(text) if not any(key.startswith(begin) for key in known)] == []


class _Sentences(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in _READ_OUT:
                self._keep(value or "")

    def _keep(self, text: str) -> None:
        if re.search(r"[^\W\d_]{2}", text):
            self.found.append(text.strip())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_a_sentence_of_its_own(template: Path) -> None:
    parser = _Sentences()
    parser.feed(_JINJA.sub("", template.read_text(encoding="utf-8")))
    keys = {"Enter", "Esc", "Shift", "Ctrl"}
    assert [text for text in parser.found if text not in keys] == []


@pytest.mark.parametrize("script", sorted((WEB / "static" / "js").glob("*.js")), ids=lambda path: path.name)
def test_no_script_has_a_korean_or_an_english_sentence(script: Path) -> None:
    text = re.sub(r"/\*.*?\*/|(?m:(?<![:\"'])//.*$)", "", script.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search("[가-힣]", text)
    shown = re.findall(
        r"""\.(?:textContent|innerText|title|ariaLabel)\s*=\s*["'`]([^"'`$]*[a-z]{3}[^"'`]*)["'`]""", text
    )
    assert shown == []
    assert "alert(" not in text
    assert "confirm(" not in text


@pytest.mark.parametrize(
    ("cookie", "header", "shown"),
    [
        (None, None, "en"),
        (None, "ko-KR,ko;q=0.9,en-US;q=0.8", "ko"),
        (None, "fr-CH, fr;q=0.9, ko;q=0.7, en;q=0.8", "en"),
        (None, "ko;q=nonsense,*;q=0.5", "en"),
        ("en", "ko-KR", "en"),
        ("ko", "en", "ko"),
        ("xx", "ko", "ko"),
    ],
)
def test_the_language_chosen_by_hand_goes_before_the_browsers(
    cookie: str | None, header: str | None, shown: str
) -> None:
    assert preferred(cookie, header) == shown


@pytest.mark.parametrize(
    ("seconds", "english", "korean"),
    [
        (0.4, "0 s", "0초"),
        (119, "119 s", "119초"),
        (120, "2 min", "2분"),
        (7200, "2 h", "2시간"),
        (1e6, "11 days", "11일"),
    ],
)
def test_an_age_is_said_in_the_largest_unit_that_fits(seconds: float, english: str, korean: str) -> None:
    assert words("en").age(seconds) == english
    assert words("ko").age(seconds) == korean


def test_all_languages_are_there() -> None:
    assert {path.name for path in (WEB / "languages").iterdir()} == set(LANGUAGES)
