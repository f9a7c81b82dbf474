"""Prints, as JSON, the machine that an executable is for and the glibc versions that it asks for."""

import json
import sys

from elftools.elf.elffile import ELFFile

with open(sys.argv[1], "rb") as file:
    elf = ELFFile(file)
    section = elf.get_section_by_name(".gnu.version_r")
    needed = [entry.name for _, entries in section.iter_versions() for entry in entries] if section else []
    print(json.dumps({"machine": elf["e_machine"], "needed": sorted(set(needed))}))
