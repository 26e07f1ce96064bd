"""Text of a CSV file in another encoding, or with escapes, is written anew as polars reads it.

What an escape stands before becomes one character that no text has (noncharacters of Unicode), and
is put back once the cells are apart. Memory stays flat: a file is rewritten piece by piece.
"""

import codecs
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from ct_assets.files import scratch_dir
from ct_assets.sources.formats.csv_settings import CsvSettings
from ct_assets.sources.formats.source_format import FileError, named
from ct_assets.sources.formats.text_file import line_of, opened

_PIECE = 1 << 20
_FIRST = 0xFDD0
"""The first of the noncharacters U+FDD0 to U+FDEF."""


@contextlib.contextmanager
def plain(
    files: Sequence[Path], settings: CsvSettings, separator: Callable[[str], str]
) -> Iterator[Sequence[Path]]:
    """The files themselves if polars reads them as they are, else copies for as long as the block.

    `separator` finds it in the beginning of a text.

    Raises:
        FileError: A text is not in its encoding.
    """
    if not (settings.recoded or settings.escapes):
        yield files
        return
    with scratch_dir() as folder:
        copies = []
        for place, file in enumerate(files):
            copy = folder / str(place) / file.name
            copy.parent.mkdir()
            with copy.open("wb") as out:
                for text in _rewritten(file, files, settings, separator):
                    out.write(text.encode())
            copies.append(copy)
        yield copies


def put_back(frame: pl.LazyFrame, settings: CsvSettings, separator: str) -> pl.LazyFrame:
    """The cells, and the names of columns, with what escapes stood before."""
    if not settings.escapes:
        return frame
    stand_ins = _stand_ins(settings, separator)
    signs, known = list(stand_ins), list(stand_ins.values())
    renamed = {name: name.translate({ord(s): k for s, k in stand_ins.items()})
               for name in frame.collect_schema()}  # fmt: skip
    return frame.with_columns(pl.all().str.replace_many(signs, known)).rename(renamed)


def _stand_ins(settings: CsvSettings, separator: str) -> Mapping[str, str]:
    """The characters behind an escape, each by the one that stands for both."""
    behind = (settings.escapes, settings.quotes or '"', separator, "\n", "\r")
    return {chr(_FIRST + place): sign for place, sign in enumerate(behind) if sign}


def _rewritten(
    file: Path, files: Sequence[Path], settings: CsvSettings, separator: Callable[[str], str]
) -> Iterator[str]:
    escape, rest, stand_ins = settings.escapes, "", None
    for text in _decoded(file, files, settings.recoded or "utf-8"):
        if escape is None:
            yield text
            continue
        stand_ins = stand_ins or _stand_ins(settings, separator(text))
        if any(sign in text for sign in stand_ins):
            raise FileError(f"{named(files)}: has the noncharacter U+FDD0 or one of the next; "
                            "take it out")  # fmt: skip
        text = rest + text
        whole = text.rstrip(escape)
        rest = escape * ((len(text) - len(whole)) % 2)
        text = text[: len(text) - len(rest)]
        for stand_in, sign in stand_ins.items():
            text = text.replace(escape + sign, stand_in)
        yield text
    yield rest


def _decoded(file: Path, files: Sequence[Path], encoding: str) -> Iterator[str]:
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    with opened(file) as content:
        ended = False
        while not ended:
            piece = content.read(_PIECE)
            ended = not piece
            try:
                text = decoder.decode(piece, final=ended)
            except UnicodeError as error:
                before = (
                    error.object[: error.start] if isinstance(error, UnicodeDecodeError) else b""
                )
                at = line_of(line + before.count(b"\n"), file, files)
                raise FileError(
                    f"{named(files)}: {at} is no text in {encoding}; declare the `encoding` in "
                    "which the file was saved"
                ) from None
            line += text.count("\n")
            yield text
