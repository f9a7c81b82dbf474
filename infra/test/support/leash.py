"""Runs a program, and ends it when standard input ends: when whoever started it is gone, however it went."""

import subprocess
import sys
import threading

child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)


def end_with_input() -> None:
    sys.stdin.read()
    child.kill()


threading.Thread(target=end_with_input, daemon=True).start()
sys.exit(child.wait())
