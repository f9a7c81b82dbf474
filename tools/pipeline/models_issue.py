"""Keeps one GitHub issue about the models that need care: opened when `make models-check` fails, brought up to date while it does,
closed when it passes again. `gh` talks to GitHub; the label tells the issue from others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LABEL = "models"
TITLE = "A model needs care"

# What models-check ends with when a model needs care; it ends with 2 when it could not look.
NEEDS_CARE = 1

# As LEAST_DAYS_TO_LIVE in infra/lib/model-life.ts: what ends sooner is no replacement.
LEAST_DAYS_TO_LIVE = 60

# What a model asks for before the first call, from nothing to most.
ACCESS = ["none", "marketplace", "marketplace-and-form"]

Row = dict[str, Any]


class IssueError(Exception):
    """Something that a person can put right, in one sentence."""


def run(command: list[str], cwd: Path = ROOT, text: str | None = None, **environment: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(command, cwd=cwd, input=text, env={**os.environ, **environment}, capture_output=True, text=True)
    except FileNotFoundError:
        raise IssueError(f"{command[0]} is missing: install it, then try again") from None


def command_of_infra(name: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return run(["node", "--import", "tsx", f"commands/{name}.ts"], ROOT / "infra", **environment)


def gh(*words: str, text: str | None = None) -> str:
    done = run(["gh", *words], text=text)
    if done.returncode != 0:
        raise IssueError(f"gh {words[0]} {words[1]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def sentences() -> list[str]:
    """What `make models-check` has to say; nothing when all is well."""
    done = command_of_infra("models-check")
    if done.returncode not in (0, NEEDS_CARE):
        raise IssueError(f"the models could not be checked: {done.stderr.strip()}")
    return done.stderr.splitlines() if done.returncode == NEEDS_CARE else []


def rows() -> list[Row]:
    done = command_of_infra("models", JSON="1")
    if done.returncode != 0:
        raise IssueError(f"the models could not be listed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def lives_on(row: Row) -> bool:
    return row["lifecycle"]["status"] == "active" and (row["daysToEnd"] is None or row["daysToEnd"] > LEAST_DAYS_TO_LIVE)


def stays_within(row: Row, regions: list[str]) -> bool:
    """Whether prompts to the model go to no region but these. A global profile names none, and goes anywhere."""
    return not regions or (bool(row["destinationRegions"]) and set(row["destinationRegions"]) <= set(regions))


def replacement(old: Row, table: list[Row]) -> Row | None:
    """The model nearest in price, of those that live on, keep prompts where they are now and ask for no more access."""
    fit = [
        row
        for row in table
        if lives_on(row) and stays_within(row, old["destinationRegions"]) and ACCESS.index(row["access"]) <= ACCESS.index(old["access"])
    ]
    return min(fit, key=lambda row: abs(price(row) - price(old)), default=None)


def price(row: Row) -> float:
    """US dollars for a million tokens in and as many out."""
    return row["pricePerMillionTokens"]["input"] + row["pricePerMillionTokens"]["output"]


def advice(old: Row, table: list[Row]) -> str:
    new = replacement(old, table)
    if new is None:
        return f"- `{old['id']}`: models.json has no model that keeps prompts in the same regions and asks for no more access. `make models` lists the others."
    cost = "${input} in, ${output} out for a million tokens".format(**new["pricePerMillionTokens"])
    return f"- `{old['id']}`: use `{new['id']}` ({new['name']}; {cost}). Write it as `MODEL` to infra/settings.json, or run `make deploy MODEL={new['id']}`."


def body(said: list[str], table: list[Row]) -> str:
    care = [advice(row, table) for row in table if row["granted"] and not lives_on(row)]
    parts = ["`make models-check` says:", "\n".join(f"- {sentence}" for sentence in said)]
    if care:
        parts += ["What can take its place:", "\n".join(care)]
    return "\n\n".join([*parts, "This issue is brought up to date every week, and closed once `make models-check` passes."]) + "\n"


def open_issue() -> str | None:
    """The number of the issue that is open already. Of several, the oldest: the others are nobody's doing but a person's."""
    listed = json.loads(gh("issue", "list", "--state", "open", "--label", LABEL, "--limit", "100", "--json", "number"))
    return str(min(issue["number"] for issue in listed)) if listed else None


def write_issue(text: str) -> str:
    gh("label", "create", LABEL, "--force", "--description", "Models that end or have to be confirmed")
    number = open_issue()
    if number:
        gh("issue", "edit", number, "--title", TITLE, "--body-file", "-", text=text)
        return f"Brought issue {number} up to date."
    return f"Opened {gh('issue', 'create', '--title', TITLE, '--label', LABEL, '--body-file', '-', text=text)}"


def close_issue() -> str:
    number = open_issue()
    if not number:
        return "All models are well; there is no issue to close."
    gh("issue", "close", number, "--comment", "`make models-check` passes again.")
    return f"All models are well; closed issue {number}."


def main() -> int:
    try:
        said = sentences()
        for sentence in said:
            print(sentence, file=sys.stderr)
        print(write_issue(body(said, rows())) if said else close_issue(), file=sys.stderr)
    except IssueError as error:
        print(f"make models-issue: {error}", file=sys.stderr)
        return 2
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
