from pathlib import Path

import ct_assets

defs = ct_assets.definitions(Path(__file__).parent)
