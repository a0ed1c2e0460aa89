"""Makes the sample from an export of Synthea: the files and columns that the importer reads, and nothing else.

    python -m examples.sample.make_sample EXPORT examples/sample/synthea-110.tar.zst

The same export gives the same bytes.
"""

import sys
import tarfile
from io import BytesIO
from pathlib import Path

import zstandard

from ingest.archive import Source
from ingest.lines import BadLine, Table
from ingest.synthea_files import FILES

LEVEL = 22


def trimmed(source: Path) -> dict[str, bytes]:
    """Each file that is read, with the columns that are read."""
    by_name = {file.file: file for file in FILES}
    found = {}
    for name, content in Source(source).files(frozenset(by_name)):
        columns = by_name[name].reads
        lines = [",".join(columns)]
        for number, cells in Table(name, content, columns).rows():
            if isinstance(cells, BadLine) or any('"' in cell or "," in cell for cell in cells):
                raise SystemExit(f"{name}:{number} is no row that Synthea writes")
            lines.append(",".join(cells))
        found[name] = "\n".join([*lines, ""]).encode()
    return found


def main(source: Path, target: Path) -> None:
    files = trimmed(source)
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for file in FILES:
            member = tarfile.TarInfo(f"synthea/{file.file}")
            member.size = len(files[file.file])
            archive.addfile(member, BytesIO(files[file.file]))
    target.write_bytes(zstandard.ZstdCompressor(level=LEVEL).compress(packed.getvalue()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
