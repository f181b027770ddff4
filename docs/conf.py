"""How the documentation is built: `make docs`; a warning is an error there."""

from importlib.metadata import version as version_of

project = "Keystead"
author = "The Keystead authors"
project_copyright = "The Keystead authors, Apache-2.0"
release = version_of("keystead")

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = f"Keystead {release}"
html_copy_source = False
html_show_sphinx = False
