"""What MkDocs calls while it builds the site: pages made of code join those of `docs/`."""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools.docs import generated, texts
from tools.docs.sources import with_parts


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fills the reference into the navigation."""
    for entry in config.nav:
        if "Reference" in entry:
            entry["Reference"] = [*entry["Reference"], *generated.navigation()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds what is made, and the pictures of the examples."""
    for address, text in generated.pages().items():
        files.append(File.generated(config, address, content=text))
    for picture in texts.pictures():
        address = f"pictures/{picture.name}"
        files.append(File.generated(config, address, abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Puts tables that are made of the code where a page asks for them."""
    return with_parts(markdown)
