"""Ways in which a file of the state is lost."""

import shutil
from pathlib import Path

FILES = {
    "state": ("state.duckdb", "state.duckdb.wal"),
    "ledger": ("sends.sqlite", "sends.sqlite-wal", "sends.sqlite-shm"),
    "outbox": ("outbox.parquet",),
    "reports": ("reports",),
    "folder": ("",),
}


def copy(home: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(home, to)
    return to


def delete(home: Path, part: str) -> None:
    for name in FILES[part]:
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def put_back(home: Path, part: str, source: Path) -> None:
    """What lies in `source`, such as an older copy, instead of what is there."""
    delete(home, part)
    for name in FILES[part]:
        if (source / name).is_dir():
            shutil.copytree(source / name, home / name)
        elif (source / name).exists():
            shutil.copyfile(source / name, home / name)


def files(home: Path, part: str) -> list[Path]:
    paths = [home / name for name in FILES[part]]
    found = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*"))]
    return [path for path in found if path.is_file() and path.name != "previous.parquet"]


def truncate(home: Path, part: str) -> None:
    for path in files(home, part):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])


def flip(home: Path, part: str) -> None:
    """Every 97th byte of the second half, and some of the first."""
    for path in files(home, part):
        content = bytearray(path.read_bytes())
        for at in [*range(1024, len(content), 997), *range(len(content) // 2, len(content), 97)]:
            content[at] ^= 0xFF
        path.write_bytes(bytes(content))
