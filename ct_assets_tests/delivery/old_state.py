"""A project with the state and the staged files that version 0.1 left of it.

`old_state.tar.xz` was written by the code of 2026-11-26 (state version 2, ledger version 1), which
ran the declarations in its `defs/` against a sandbox, with batches of ten records:

* `customers` was delivered twice whole, with two records refused (526) and one removal; a third
  delivery, of two records, was killed before it took note of its answers.
* `purchases` was delivered once, with one record refused and one batch whose answer was lost
  (`on_unknown: park`); a second delivery, of six batches, was killed after CleverTap had taken the
  third one and before that was written down.
* `visits`, an event sync by day, was delivered for two of its three days.
* The customer 5 was erased after the second delivery.
"""

import tarfile
from pathlib import Path

ARCHIVE = Path(__file__).with_name("old_state.tar.xz")


def unpack(root: Path, destination: str) -> dict[str, str]:
    """Fills `root`: `*.csv`, `data`, whose state is of `destination` now; returns its `defs`.

    The files bear today's date, so that no retention setting removes them.
    """
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(root, filter=lambda member, _: member.replace(mtime=None))
    (old,) = (root / "data" / "state").glob("*")
    for folder in ("state", "locks"):
        (root / "data" / folder / old.name).rename(root / "data" / folder / destination)
    for pointer in (root / "data" / "staging").rglob("current.json"):
        pointer.write_text(pointer.read_text().replace(old.name, destination))
    defs = root / "defs"
    return {str(path.relative_to(defs)): path.read_text() for path in defs.rglob("*.yaml")}
