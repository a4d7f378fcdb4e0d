"""The built pages: valid HTML, links that lead somewhere, and nothing that comes from elsewhere."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import html5lib
import pytest

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build" / "site"
PAGES = sorted(SITE.rglob("*.html"))
HERE = "https://github.com/keras-core/keras-core/"
_LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


@cache
def parsed(path):
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(path.read_text(encoding="utf-8"))
    return tree, [f"line {place[0]}: {code} {data}" for place, code, data in parser.errors]


@cache
def anchors(path):
    return {node.get("id") or node.get("name") for node in parsed(path)[0].iter()}


def named(path):
    return str(path.relative_to(SITE))


def test_the_site_is_there(site, tried):
    assert len(PAGES) > 50
    tried["pages"] += len(PAGES)


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_html_is_valid(path):
    assert parsed(path)[1] == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_ids_are_unique(path):
    ids = [node.get("id") for node in parsed(path)[0].iter() if node.get("id")]
    assert sorted({one for one in ids if ids.count(one) > 1}) == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_links_lead_somewhere(path, tried):
    wrong = []
    for node in parsed(path)[0].iter("a"):
        if node.get("href") is not None:
            tried["links"] += 1
            if not leads_somewhere(path, node.get("href")):
                wrong.append(node.get("href"))
    assert wrong == []


def leads_somewhere(path, address):
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return is_whole(address, parts)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if path.name == "404.html":
        target = SITE / unquote(parts.path).lstrip("/") if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return False
    return (
        not parts.fragment or target.suffix != ".html" or unquote(parts.fragment) in anchors(target)
    )


def is_whole(address, parts):
    """No network may be there, so other sites' addresses are read alone; ours name files here."""
    if parts.scheme not in ("http", "https") or "." not in parts.netloc or " " in address:
        return False
    file = re.match(rf"{re.escape(HERE)}(?:blob|tree)/main/([^#]*)", address)
    return not file or (ROOT / file[1]).exists()


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_nothing_is_fetched_from_elsewhere(path):
    tree = parsed(path)[0]
    loaded = [n.get(_LOADED[n.tag]) for n in tree.iter() if n.tag in _LOADED]
    assert [a for a in loaded if a and urlsplit(a).netloc and "canonical" not in a] == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_pictures_are_described(path):
    assert [n.get("src") for n in parsed(path)[0].iter("img") if n.get("alt") is None] == []


def test_scripts_and_styles_of_the_theme_fetch_nothing_either():
    for path in [*SITE.rglob("*.css"), SITE / "assets" / "iframe-worker.js"]:
        assert not re.search(r"(?:url\(|@import )[\"']?https?:", path.read_text(encoding="utf-8"))


def test_search_knows_all_pages(site):
    text = (site / "search" / "search_index.js").read_text(encoding="utf-8")
    assert all(named(path) in text for path in PAGES if path.name != "404.html")
