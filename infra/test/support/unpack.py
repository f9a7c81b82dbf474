"""Unpacks a zip as Lambda does: with the file modes that it records, which zipfile alone leaves out."""

import os
import sys
import zipfile

archive, directory = sys.argv[1:]
with zipfile.ZipFile(archive) as files:
    for entry in files.infolist():
        os.chmod(files.extract(entry, directory), entry.external_attr >> 16 & 0o777)
