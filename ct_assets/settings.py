"""Where this deployment keeps what it generates."""

import os
from collections.abc import Mapping
from pathlib import Path

MARKS = ("pyproject.toml", "dg.toml")


def project_root(at: Path | None = None) -> Path:
    """The folder of the project in which the command was called, or that folder itself.

    What was sent must not depend on where in the project one stands.
    """
    folder = at or Path.cwd()
    above = (folder, *folder.parents)
    return next((f for f in above if any((f / mark).is_file() for mark in MARKS)), folder)


def data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """`CT_DATA_DIR`, or `data`; a relative one starts at the project's root."""
    return (project_root() / (environ.get("CT_DATA_DIR") or "data")).resolve()
