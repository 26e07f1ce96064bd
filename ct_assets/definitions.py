from pathlib import Path

import dagster as dg

from ct_assets.components.project.loader import load_defs


@dg.definitions
def defs() -> dg.Definitions:
    return load_defs(Path(__file__).parent)
