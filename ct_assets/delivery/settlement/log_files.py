"""LogFiles are the files of a sync's log, in the folder of its state: one of each delivery."""

from pathlib import Path

VERSION = 1
"""Of the columns; in the files' metadata as `log_version`. A column that is added is none."""
FOLDER = "log"


def path_of(home: Path, delivery: int) -> Path:
    return home / FOLDER / f"{delivery:08}.parquet"


def files(home: Path) -> list[Path]:
    """One for each delivery that is settled, the oldest first."""
    return sorted(home.glob(f"{FOLDER}/*.parquet"))


def ages(name: str) -> bool:
    """Whether a file of a state, by its name, is kept for as long as the log is."""
    return name.startswith(f"{FOLDER}/")
