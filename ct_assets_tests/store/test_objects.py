import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ct_assets.store.bucket_objects import ONE_REQUEST, BucketObjects
from ct_assets.store.folder_objects import FolderObjects
from ct_assets.store.objects import ObjectExists, ObjectMissing, Objects
from ct_assets.store.places import objects_of, unprobed
from ct_assets.store.store_settings import StoreError, StoreSettings
from ct_assets_tests.store.s3_server import S3Server, s3_server


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        server.bucket("shelf")
        yield server


@pytest.fixture(params=["folder", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "folder":
        return unprobed(str(tmp_path / "shared"))
    request.getfixturevalue("s3")
    return unprobed(f"s3://shelf/{tmp_path.name}")


def file_of(folder: Path, content: bytes) -> Path:
    file = folder / "file"
    file.write_bytes(content)
    return file


def test_a_file_is_put_listed_fetched_and_removed(objects: Objects, tmp_path: Path) -> None:
    name, to = "staging/my%2Eshop/=a b/1/data.parquet", tmp_path / "cache" / "data.parquet"

    objects.put_new(name, file_of(tmp_path, b"rows"))
    objects.fetch(name, to)

    assert to.read_bytes() == b"rows"
    assert to.stat().st_mode & 0o777 == 0o600
    assert list(to.parent.iterdir()) == [to]
    assert [(e.name, e.size) for e in objects.entries("staging/")] == [(name, 4)]
    assert list(objects.names("other/")) == []
    objects.remove(name)
    objects.remove(name)
    assert list(objects.names("")) == []


def test_an_object_is_made_once(objects: Objects, tmp_path: Path) -> None:
    objects.put_new("a/1", file_of(tmp_path, b"one"))

    objects.put_new("a/1", file_of(tmp_path, b"one"))
    for other in (b"two", b"on", b"ones", b""):
        with pytest.raises(ObjectExists, match=r"a/1 is in .* already, with other content"):
            objects.put_new("a/1", file_of(tmp_path, other))

    with pytest.raises(ObjectExists):
        objects.put_bytes("a/1", b"one")
    assert objects.get_bytes("a/1") == b"one"


def test_a_pointer_is_replaced(objects: Objects) -> None:
    objects.put_bytes("a/current.json", b"1", new=False)
    objects.put_bytes("a/current.json", b"2", new=False)

    assert objects.get_bytes("a/current.json") == b"2"


def test_an_empty_object_is_one(objects: Objects, tmp_path: Path) -> None:
    objects.put_new("a/empty", file_of(tmp_path, b""))
    objects.fetch("a/empty", tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == b""
    assert objects.get_bytes("a/empty") == b""


def test_a_large_file_leaves_in_parts(objects: Objects, tmp_path: Path) -> None:
    content = os.urandom(1 << 20) * 33
    assert len(content) > ONE_REQUEST

    objects.put_new("large", file_of(tmp_path, content))
    objects.fetch("large", tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == content
    objects.put_new("large", file_of(tmp_path, content))
    with pytest.raises(ObjectExists):
        objects.put_new("large", file_of(tmp_path, content[:-1] + b"x"))


def test_a_missing_object_is_told_and_leaves_no_file(objects: Objects, tmp_path: Path) -> None:
    with pytest.raises(ObjectMissing, match="a/none is missing in") as caught:
        objects.fetch("a/none", tmp_path / "copies" / "none")

    assert caught.value.name == "a/none"
    assert list((tmp_path / "copies").iterdir()) == []
    with pytest.raises(ObjectMissing):
        objects.get_bytes("a/none")


def test_the_probe_leaves_nothing(objects: Objects) -> None:
    objects.probe()

    assert list(objects.names("")) == []


class Careless(FolderObjects):
    """Overwrites whatever is there, as a store without conditional writes does."""

    def put_bytes(self, name: str, data: bytes, *, new: bool = True) -> None:  # noqa: ARG002
        super().put_bytes(name, data, new=False)


def test_a_store_without_conditional_writes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not honour conditional writes"):
        Careless(tmp_path).probe()

    assert list(tmp_path.iterdir()) == []


def test_a_store_is_probed_before_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = StoreSettings("postgresql://host/db", str(tmp_path / "file"))

    with pytest.raises(StoreError, match=r"file: "):
        objects_of(settings)


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_not_there_is_told() -> None:
    with pytest.raises(StoreError, match="there is no bucket none") as caught:
        BucketObjects("s3://none/folder").probe()

    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"


def test_others_may_remove_a_folder_while_a_file_is_made_in_it(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)

    for number in range(50):
        objects.put_bytes(f"a/b/{number}", b"")
        objects.remove(f"a/b/{number}")

    assert list(tmp_path.iterdir()) == []
