"""Runs commands in a terminal, keeps what they print in docs/picture.txt, and draws that, light and dark. The answer of
the last command appears word by word, where the SVG's reader moves pictures; elsewhere it is there as a whole.

What differs between two runs of one program (ports, times, ids) does not count as a difference: docs/picture.txt
then stays as it is, and the pictures with it.
"""

import html
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

from rich import terminal_theme
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

COLUMNS = 100
DOCS = Path("docs")
CAPTURE = DOCS / "picture.txt"
COMMANDS = [
    "make invoke EVENT=events/bedrock-test-001.json",
    'make ask P="What is AWS Lambda?" 2>/dev/null',
]

# The local stand-in sends 60 tokens a second at a terminal (crates/xtask/src/stack/local.rs), of which a word has some two.
WORDS_PER_SECOND = 30
# In seconds, so that a reader sees the command before its answer.
ANSWER_BEGINS = 1.0

# Beside these, two runs print the same.
CHANGING = [
    r"(?<=127\.0\.0\.1:)\d+",
    r"(?<=target\(s\) in )[\d.]+s",
    r'(?<="timestamp":")[^"]+',
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    r'(?<=Ms":)[\d.]+',
]

THEMES = {"light": terminal_theme.DEFAULT_TERMINAL_THEME, "dark": terminal_theme.SVG_EXPORT_THEME}

# A picture in a README may load nothing from elsewhere: the reader's own fixed-width font does.
SVG = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def in_terminal(command: str) -> str:
    """What the command prints in a terminal of COLUMNS columns, stdout and stderr as they come."""
    near, far = pty.openpty()
    ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    # No colours: cargo alone would use some. CI keeps it from drawing a progress bar.
    environment = {**os.environ, "NO_COLOR": "1", "CARGO_TERM_COLOR": "never", "CARGO_TERM_PROGRESS_WHEN": "never"}
    # make's own variables are those of `make picture`.
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        environment.pop(name, None)
    program = subprocess.Popen(command, shell=True, stdin=far, stdout=far, stderr=far, env=environment)
    os.close(far)
    chunks = []
    while chunk := read(near):
        chunks.append(chunk)
    os.close(near)
    text = b"".join(chunks).decode().replace("\r\n", "\n")
    if program.wait() != 0:
        sys.exit(f"make picture: `{command}` failed:\n{text}")
    if command == COMMANDS[-1] and len(chunks) < len(text.split()) / 2:
        sys.exit(f"make picture: the answer of `{command}` came in {len(chunks)} pieces, which is no stream")
    return text


def read(terminal: int) -> bytes:
    """The next bytes; none when the program at the other end is gone, which Linux tells by an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def without_what_changes(text: str) -> str:
    for pattern in CHANGING:
        text = re.sub(pattern, "…", text)
    return text


def captured() -> str:
    """The transcript: each command after its prompt, and what it printed."""
    for command in COMMANDS:
        # Whatever is to be built is built now.
        in_terminal(command)
    text = "".join(f"$ {command}\n{in_terminal(command)}" for command in COMMANDS)
    if "Blocking waiting for file lock" in text:
        sys.exit("make picture: another cargo is at work in this folder: try again when it is done.")
    return text


def drawn(text: str, theme: str) -> str:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor", legacy_windows=False)
    for line in text.splitlines():
        style = "bold" if line.startswith("$ ") else ""
        # As a terminal does it, and not at the ends of words.
        for part in chop_cells(line, COLUMNS) or [""]:
            console.print(Text(part, style=style), no_wrap=True, overflow="ignore", crop=False, highlight=False)
    # Rich gives every row but the last one a clip path.
    console.print()
    svg = console.export_svg(title="Bedrock on Lambda", theme=THEMES[theme], code_format=SVG, unique_id=f"picture-{theme}")
    svg = with_arriving_answer(with_wide_characters(svg), text)
    return "".join(f"{line.rstrip()}\n" for line in svg.splitlines())


def with_wide_characters(svg: str) -> str:
    """The same picture, with each text as long as its cells: rich counts characters, and so squeezes those of two cells."""

    def as_long_as_its_cells(found: re.Match[str]) -> str:
        words = html.unescape(found[3])
        # After each row rich writes its line break as a text of its own.
        if not words.strip():
            return found[0]
        return f'{found[1]}{round(float(found[2]) * cell_len(words) / len(words), 1):g}{found[0][found.end(2) - found.start():]}'

    return re.sub(r'(<text [^>]*textLength=")([\d.]+)"[^>]*>([^<]+)</text>', as_long_as_its_cells, svg)


def with_arriving_answer(svg: str, text: str) -> str:
    """The same picture, in which the lines of the last answer are uncovered as its words arrive."""
    rows = [part for line in text.splitlines() for part in chop_cells(line, COLUMNS) or [""]]
    first = max(index for index, row in enumerate(rows) if row.startswith("$ ")) + 1
    words = 0
    for index, row in enumerate(rows[first:], start=first):
        ends = [found.end() for found in re.finditer(r"\S+\s*", row)]
        begins = ANSWER_BEGINS + words / WORDS_PER_SECOND
        words += len(ends)
        lasts = begins + len(ends) / WORDS_PER_SECOND
        times = [0, *(begins + number / WORDS_PER_SECOND for number in range(len(ends)))]
        clip = re.search(rf'line-{index}">\s*<rect [^>]*width="(\d+)"[^>]*(?=/>)', svg)
        if clip is None:
            sys.exit(f"make picture: the SVG has no line {index}: rich draws it otherwise than it did")
        widths = [0, *(round(int(clip[1]) * cell_len(row[:end]) / COLUMNS, 1) for end in ends[:-1]), clip[1]]
        movement = (
            f'<animate attributeName="width" dur="{lasts:.2f}s" calcMode="discrete" fill="freeze" '
            f'keyTimes="{";".join(f"{time / lasts:.3f}" for time in times)}" values="{";".join(map(str, widths))}"/>'
        )
        svg = f"{svg[: clip.end()]}>{movement}</rect>{svg[clip.end() + 2 :]}"
    return svg


def main() -> None:
    new = captured()
    old = CAPTURE.read_text(encoding="utf-8") if CAPTURE.exists() else ""
    if without_what_changes(new) == without_what_changes(old):
        new = old
        print("docs/picture.txt: the program prints what it printed", file=sys.stderr)
    else:
        CAPTURE.write_text(new, encoding="utf-8")
        print("docs/picture.txt: written anew", file=sys.stderr)
    for theme in THEMES:
        (DOCS / f"picture-{theme}.svg").write_text(drawn(new, theme), encoding="utf-8")


main()
