#!/usr/bin/env python3
"""Stands where `gh` stands on a runner: keeps issues and labels in the file GH_STATE, and refuses what it does not know."""

import json
import os
import sys
from pathlib import Path

STATE = Path(os.environ["GH_STATE"])


def option(words: list, name: str) -> str:
    return words[words.index(name) + 1]


def main(words: list) -> None:
    state = json.loads(STATE.read_text())
    state["calls"].append(words)
    command = " ".join(words[:2])
    if state.get("refuses") == command:
        STATE.write_text(json.dumps(state))
        sys.exit("HTTP 403: Resource not accessible by integration")
    if command == "label create":
        assert "--force" in words  # without it gh fails for a label that is there
        state["labels"] = sorted({*state["labels"], words[2]})
    elif command == "issue list":
        label = option(words, "--label")
        print(json.dumps([{"number": each["number"]} for each in state["issues"] if each["open"] and label in each["labels"]]))
    elif command == "issue create":
        label = option(words, "--label")
        assert label in state["labels"], f"could not add label: '{label}' not found"
        number = len(state["issues"]) + 1
        state["issues"].append({"number": number, "open": True, "labels": [label], "title": option(words, "--title"), "body": sys.stdin.read()})
        print(f"https://github.com/owner/name/issues/{number}")
    elif command == "issue edit":
        issue = state["issues"][int(words[2]) - 1]
        issue.update(title=option(words, "--title"), body=sys.stdin.read())
    elif command == "issue close":
        issue = state["issues"][int(words[2]) - 1]
        issue.update(open=False, comment=option(words, "--comment"))
    else:
        sys.exit(f"unknown command {command}")
    STATE.write_text(json.dumps(state))


main(sys.argv[1:])
