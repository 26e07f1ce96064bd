"""A seeded database is made of a folder of CSV files, and made again when they change.

It follows its seed until somebody else writes to it, or puts another database in its place; any
other database is never written to.
"""

import json
from pathlib import Path

from ct_assets.files import private_dir, private_lock, replacing
from ct_assets.sources.query_errors import translated
from ct_assets.sql import literal, name_sql, opened


def follow(seed: Path, database: Path) -> None:
    """Make the database, or make it again, if its seed has changed since."""
    with private_lock(private_dir(database.parent) / f".{database.name}.lock"):
        _follow(seed, database)


def _follow(seed: Path, database: Path) -> None:
    csvs = sorted(seed.glob("*.csv"))
    mark = database.with_name(f".{database.name}.seed")
    made, made_of = _read_mark(mark)
    today = [_stamp(csv) for csv in csvs]
    present = _stamp(database) if database.exists() else None
    if present and (present not in made or (present == made[-1] and made_of == today)):
        return
    with translated(str(seed)), replacing(database) as partial:
        with opened(partial) as connection:
            for csv in csvs:
                rows = f"read_csv({literal(str(csv))}, header = true)"
                connection.execute(f"create table {name_sql(csv.stem)} as from {rows}")
        # Before it takes its place: killed in between, both are known for ours.
        fresh = [database.name, *_stamp(partial)[1:]]
        ours = [*([present] if present else []), fresh]
        with replacing(mark) as whole:
            whole.write_text(json.dumps({"made": ours, "of": today}))


def _stamp(file: Path) -> list[str | int]:
    """Name, size and time of change."""
    stat = file.stat()
    return [file.name, stat.st_size, stat.st_mtime_ns]


def _read_mark(mark: Path) -> tuple[list[object], list[object]]:
    """Databases that were made here, the latest last, and the CSV files that it was made of."""
    try:
        content = json.loads(mark.read_text())
        return content["made"], content["of"]
    except (FileNotFoundError, ValueError, TypeError, KeyError):  # or of an earlier version
        return [], []
