"""How the pages become a site.

The source directory is the repository's root, so that notebooks, pages and pictures are used where they are and a link
works in the repository as it does on the site: `python -m sphinx -c docs . docs/_build/html`, or `make docs`.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "extensions")]
# Portraits of neurons are compiled once.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(ROOT / ".cache" / "docs" / "programs"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")

import spikejax  # noqa: E402

project = "spikejax"
author = "The spikejax developers"
copyright = author
release = version = spikejax.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "catalogue",
    "docstrings",
    "reference",
]
root_doc = "docs/index"
include_patterns = [
    "docs/**",
    "notebooks/*.ipynb",
    "experiments/README.md",
    "spikejax/neurons/README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
]
exclude_patterns = ["docs/_build", ".*", "tests", "runs", "dist", "**/__pycache__"]
highlight_language = "text"
default_role = "py:obj"
smartquotes_action = "D"  # dashes; quotation marks in code-like text stay

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# Pages with mathematics load MathJax from the address that Sphinx has for it. Wide equations scroll.
mathjax4_config = {
    "output": {"displayAlign": "left", "displayOverflow": "scroll", "scale": 0.9},
}
nb_execution_mode = "off"  # stored outputs are shown; `make test-slow` runs the notebooks
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autosummary_generate = False
napoleon_use_ivar = True
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

html_theme = "sphinx_book_theme"
html_title = "spikejax"
html_static_path = ["_static"]
html_css_files = ["spikejax.css"]
html_extra_path = ["site"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "show_navbar_depth": 1,
    "show_toc_level": 1,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "pygments_light_style": "default",
    "navbar_persistent": [],
}
