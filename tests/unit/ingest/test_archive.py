import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from ingest.archive import Source
from ingest.errors import SourceNotFound, SourceUnreadable
from ingest.lines import Table

WANTED = frozenset({"patients.csv", "encounters.csv"})
PATIENTS = b"Id\n" + b"".join(b"%d\n" % n for n in range(50_000))


def tar_of(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def written(path: Path, members: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    elif path.suffix == ".zst":
        path.write_bytes(zstandard.compress(tar_of(members)))
    else:
        path.write_bytes(gzip.compress(tar_of(members)))
    return path


def read(path: Path) -> dict[str, bytes]:
    return {name: file.read() for name, file in Source(path).files(WANTED)}


ARCHIVES = ["export.tar.zst", "export.tar.gz", "export.tgz", "export.zip"]


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_gives_its_wanted_files_wherever_they_lie(tmp_path: Path, name: str) -> None:
    members = {"csv/encounters.csv": b"e", "csv/patients.csv": PATIENTS, "csv/claims.csv": b"c", "readme": b"r"}
    path = written(tmp_path / name, members)
    assert read(path) == {"encounters.csv": b"e", "patients.csv": PATIENTS}
    source = Source(path)
    for _, file in source.files(WANTED):
        file.read()
    assert 0 < source.read <= source.size


@pytest.mark.parametrize("under", ["", "csv"])
def test_a_folder_gives_its_wanted_files(tmp_path: Path, under: str) -> None:
    folder = tmp_path / under
    folder.mkdir(exist_ok=True)
    (folder / "patients.csv").write_bytes(PATIENTS)
    (folder / "claims.csv").write_bytes(b"c")
    (folder / "encounters.csv").mkdir()
    assert read(tmp_path) == {"patients.csv": PATIENTS}


@pytest.mark.parametrize("name", ARCHIVES)
def test_nothing_leaves_the_archive(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    path = written(inside / name, {"../../patients.csv": b"Id\n", "/etc/encounters.csv": b"Id\n"})
    read(path)
    assert sorted(file.name for file in tmp_path.rglob("*")) == sorted(["inside", name])


def test_a_link_in_an_archive_is_not_followed(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        link = tarfile.TarInfo("patients.csv")
        link.type = tarfile.SYMTYPE
        link.linkname = "/etc/passwd"
        archive.addfile(link)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(packed.getvalue()))
    assert read(tmp_path / "a.tar.gz") == {}


@pytest.mark.parametrize("name", ARCHIVES)
def test_two_files_of_one_name_are_refused(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, {"a/patients.csv": b"Id\n", "b/patients.csv": b"Id\n"})
    with pytest.raises(SourceUnreadable, match=r"two files patients\.csv"):
        read(path)


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9])
def test_an_archive_cut_short_is_noticed(tmp_path: Path, name: str, kept: float) -> None:
    path = written(tmp_path / name, {"patients.csv": PATIENTS})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(SourceUnreadable):
        for file, opened in Source(path).files(WANTED):
            list(Table(file, opened, ["Id"]).rows())


@pytest.mark.parametrize("ending", [".tar.zst", ".tar.gz"])
def test_an_archive_cut_between_two_files_is_noticed(tmp_path: Path, ending: str) -> None:
    """Both the decompressor and tarfile take this for the end."""
    cut = tar_of({"patients.csv": b"x" * 512})[:1024]
    path = tmp_path / f"a{ending}"
    path.write_bytes(zstandard.compress(cut) if ending == ".tar.zst" else gzip.compress(cut))
    with pytest.raises(SourceUnreadable, match="cut short"):
        read(path)


@pytest.mark.parametrize("name", [*ARCHIVES, "export.csv", "export.rar"])
def test_a_file_that_is_none_of_these_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"hello" * 1000)
    with pytest.raises(SourceUnreadable):
        read(path)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound):
        Source(tmp_path / "missing")
