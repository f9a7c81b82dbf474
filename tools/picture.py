"""Runs commands in a terminal, keeps what they print in docs/picture.txt, and draws that, light and dark. Where the SVG's
reader moves pictures, the lines appear one after another, and the answer of make ask word by word; elsewhere all is there.

What differs between two runs of one program (ports, times, ids) does not count as a difference: docs/picture.txt
then stays as it is, and the pictures with it.
"""

import html
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from itertools import accumulate
from pathlib import Path
from unicodedata import east_asian_width

COLUMNS = 100
DOCS = Path("docs")
CAPTURE = DOCS / "picture.txt"
STREAM = 'make ask P="What is AWS Lambda?" 2>/dev/null'
COMMANDS = ["make invoke EVENT=events/bedrock-test-001.json", STREAM, "make doctor", "make deploy"]
# These build everything, so that no output of a build is in the picture.
PREPARATIONS = ["make build", COMMANDS[0]]

# The CDK's and CloudFormation's own lines of a deploy, in place of which the picture has an ellipsis.
OTHERS = r"\n\n✨[\s\S]*(?=\nDeployed )"

# The local stand-in sends 60 tokens a second at a terminal (crates/xtask/src/stack/local.rs), of which a word has some two.
WORDS_PER_SECOND = 30
LINES_PER_SECOND = 12
# In seconds, so that a reader sees a command before what it prints.
PAUSE = 1.0

# The parts in which two runs differ.
CHANGING = [
    r"(?<=127\.0\.0\.1:)\d+",
    r"(?<=target\(s\) in )[\d.]+s",
    r'(?<="timestamp":")[^"]+',
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    r'(?<=Ms":)[\d.]+',
]

# Paper, ink and frame, as GitHub has them.
THEMES = {"light": ("#ffffff", "#1f2328", "#d1d9e0"), "dark": ("#0d1117", "#f0f6fc", "#3d444d")}

# In units of the picture. A fixed-width font's character is 0.6 of its size wide, and a wide one as wide as its size.
SIZE, CELL, LINE, MARGIN, TOP = 15, 9, 20, 16, 40

# No font is loaded: a picture in a README may load nothing from elsewhere.
FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono','DejaVu Sans Mono','Noto Sans Mono CJK JP',monospace"


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
    if command == STREAM and len(chunks) < len(text.split()) / 2:
        sys.exit(f"make picture: the answer of `{command}` came in {len(chunks)} pieces, which is no stream")
    # No account number is shown, not even the emulator's.
    return re.sub(r"\b\d{12}\b", "*" * 12, re.sub(OTHERS, "\n…", text))


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
    for command in PREPARATIONS:
        in_terminal(command)
    text = "".join(f"$ {command}\n{in_terminal(command)}" for command in COMMANDS)
    if "Blocking waiting for file lock" in text:
        sys.exit("make picture: another cargo is at work in this folder: try again when it is done.")
    return text


def cells(character: str) -> int:
    """The cells of a terminal that a character takes."""
    return 2 if east_asian_width(character) in "WF" else 1


def rows(text: str) -> list[str]:
    """The lines as a terminal of COLUMNS columns breaks them: not at the ends of words."""
    found = [""]
    width = 0
    for character in text.removesuffix("\n"):
        width += cells(character)
        if character == "\n" or width > COLUMNS:
            found.append("")
            width = 0 if character == "\n" else cells(character)
        found[-1] += character.strip("\n")
    return found


def pieces(row: str) -> list[tuple[str, int]]:
    """What is drawn as a piece, and the cell at which it begins: some ASCII characters of a word, or one other character. No
    piece is so long that a font whose characters are wider than a cell by a hundredth leaves its cells."""
    starts = [0, *accumulate(map(cells, row))]
    return [(found[0], starts[found.start()]) for found in re.finditer(r"[!-~]{1,16}|[^\x00-\x7f]", row)]


def drawn(text: str, theme: str) -> str:
    paper, ink, frame = THEMES[theme]
    lines = rows(text)
    width, height = 2 * MARGIN + COLUMNS * CELL, TOP + len(lines) * LINE + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-family="{FONTS}" font-size="{SIZE}" fill="{ink}">',
            f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8" fill="{paper}" stroke="{frame}"/>',
            *(f'<circle cx="{20 + 20 * at}" cy="20" r="6" fill="{fill}"/>' for at, fill in enumerate(["#ff5f57", "#febc2e", "#28c840"])),
            f'<text x="{width / 2:g}" y="25" text-anchor="middle" font-weight="bold">Bedrock on Lambda</text>',
            *drawn_rows(lines),
            "</svg>\n",
        ]
    )


def drawn_rows(lines: list[str]) -> list[str]:
    """The rows as texts, in which each piece has its place. What is printed after the first command's answer appears in time."""
    clock, streams, result = 0.0, False, []
    for number, row in enumerate(lines):
        is_command = row.startswith("$ ")
        streams = row == f"$ {STREAM}" or (streams and not is_command)
        words = []
        for piece, cell in pieces(row):
            offset = (2 * CELL - SIZE) / 2 if cells(piece[0]) == 2 else 0
            words.append(f'<tspan x="{MARGIN + cell * CELL + offset:g}">{html.escape(piece, quote=False)}{hidden_until(clock)}</tspan>')
            clock += 1 / WORDS_PER_SECOND if streams and not is_command else 0
        if clock or streams:
            clock += PAUSE if is_command else 0 if streams else 1 / LINES_PER_SECOND
        weight = ' font-weight="bold"' if is_command else ""
        if words:
            result.append(f'<text y="{TOP + number * LINE + SIZE}"{weight}>{"".join(words)}</text>')
    return result


def hidden_until(seconds: float) -> str:
    return f'<set attributeName="visibility" to="hidden" dur="{seconds:.2f}s"/>' if seconds else ""


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
