"""FileKind reads the rows of `file:`: one file, or many alike that a pattern names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ct_assets.errors import closest
from ct_assets.sources import file_snapshot, formats, watermark
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.far_files.far_rows import FarRows
from ct_assets.sources.far_files.object_store import ObjectStore
from ct_assets.sources.formats import FileError
from ct_assets.sources.source_kind import Origin, SourceKind, SourceRows

_FIRST = formats.FORMATS[0].suffixes[0]
_NOT = formats.NAMES.replace(" or ", " nor ")


class FileKind(SourceKind):
    in_warehouse = False

    def tag(self, value: str) -> str:
        form = formats.format_named(value)
        return form.name.lower() if form else "file"

    def problem(self, value: str) -> str | None:
        if "://" in value and not ObjectStore.names(value):
            return (
                f"{value!r} is an address that is not read: only s3://, gs:// and az:// are. Copy "
                "the files here, or let an asset of your own read them, and name that as the "
                "sync's `source`."
            )
        if formats.readable(value):
            return None
        if not Path(value).suffix:
            inside = f"{value.removesuffix('*').rstrip('/')}/*{_FIRST}"
            return (
                f"{value!r} does not say which files: if it is a folder, name those in it, such as "
                f"{inside!r}; otherwise declare their `format`, such as `format: csv`. "
                f"{formats.READABLE}"
            )
        return (
            f"{value!r} is neither {_NOT} by its name: save it as one of them, or declare its "
            f"`format` if it is one. {formats.READABLE}"
        )

    def rows(self, origin: Origin, warehouse: Warehouse) -> SourceRows:
        if ObjectStore.names(origin.value):
            return FarRows(
                ObjectStore(origin.value),
                origin.types,
                origin.csv,
                origin.format,
                warehouse.waiting,
            )
        files = matching(origin.value, origin.root)
        return FileRows(files, origin.types, origin.csv, origin.format, warehouse.waiting)


@dataclass(frozen=True)
class FileRows(SourceRows):
    files: Sequence[Path]
    types: Mapping[str, str]
    csv: formats.CsvSettings
    format: str | None = None
    tell: Callable[[str], object] = lambda _: None

    def snapshot(self, into: Path) -> Mapping[str, str]:
        return file_snapshot.snapshot(
            self.files,
            into,
            types=self.types,
            settings=self.csv,
            declared=self.format,
            tell=self.tell,
        )

    def written(self) -> str:
        return watermark.written(self.files)

    def stamp(self) -> str:
        return watermark.written(self.files) if watermark.is_settled(self.files) else ""

    def largest(self, column: str, wanted_by: str = "watermark") -> str:  # noqa: ARG002
        return watermark.largest(
            self.files, column, types=self.types, settings=self.csv, declared=self.format
        )

    def count(self, beyond: tuple[str, str] | None) -> int:
        return watermark.count(
            self.files, beyond, types=self.types, settings=self.csv, declared=self.format
        )

    def at_rest(self, read: Callable[[], None], folder: Path) -> None:  # noqa: ARG002
        watermark.at_rest(self.files, read)


def matching(pattern: str, root: Path) -> list[Path]:
    """The files that `pattern` names, in a stable order; relative ones start at `root`."""
    path = Path(pattern)
    anchor = Path(path.anchor) if path.is_absolute() else root
    relative = path.relative_to(path.anchor) if path.is_absolute() else path
    if (anchor / relative).is_file():
        return [anchor / relative]
    files = sorted(p for p in anchor.glob(str(relative)) if p.is_file() and not _hidden(p, path))
    if not files:
        if (anchor / relative).is_dir():
            inside = f"{pattern.rstrip('/')}/*{_suffix_in(anchor / relative)}"
            raise FileError(f"{pattern!r} is a folder; name its files, such as {inside!r}")
        folder = (anchor / relative).parent
        neighbours = [p.name for p in folder.iterdir()] if folder.is_dir() else []
        hint = closest(path.name, neighbours)
        raise FileError(f"no file matches {pattern!r} (looked in {folder}){hint}")
    return files


def _suffix_in(folder: Path) -> str:
    """How the names of its first files that can be read end."""
    files = sorted(p for p in folder.iterdir() if p.is_file() and formats.format_named(p.name))
    if not files:
        return _FIRST
    ends = files[0].suffixes
    return "".join(ends[-2:] if ends[-1] == ".gz" else ends[-1:])


def _hidden(file: Path, pattern: Path) -> bool:
    """Whether it is what editors and copies under way leave beside the files that are meant."""
    return file.name.startswith(".") and not pattern.name.startswith(".")
