"""`make models-issue`, all of it real but GitHub: fake_gh.py keeps the issues."""

import json
import os
import re
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from tools.pipeline.models_issue import LEAST_DAYS_TO_LIVE, replacement
from tools.pipeline.workflows import ROOT

FRESH = re.sub(r'"confirmedOn": "[^"]*"', f'"confirmedOn": "{date.today()}"', (ROOT / "models.json").read_text())
DEFAULT = json.loads(FRESH)["default"]


class World:
    """A repository on GitHub with its issues, and a table of models."""

    def __init__(self, folder: Path):
        self.bin = folder / "bin"
        self.bin.mkdir()
        shutil.copy(Path(__file__).parent / "fake_gh.py", self.bin / "gh")
        self.state_file = folder / "state.json"
        self.table = folder / "models.json"
        self.say(issues=[], labels=[], calls=[])

    def say(self, **state: object) -> None:
        self.state_file.write_text(json.dumps({**(self.state if self.state_file.exists() else {}), **state}))

    @property
    def state(self) -> dict:
        return json.loads(self.state_file.read_text())

    def week(self, table: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """One run of the workflow."""
        self.table.write_text(table)
        own = {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.bin), "GH_STATE": str(self.state_file), "BEDROCK_INFRA_MODELS_FILE": str(self.table)}
        return subprocess.run(["make", "--silent", "models-issue"], cwd=ROOT, env={**own, **environment}, capture_output=True, text=True)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def ending(days: int) -> str:
    """The table, in which the default model ends that soon."""
    table = json.loads(FRESH)
    row = next(row for row in table["models"] if row["id"] == DEFAULT)
    row["lifecycle"] = {"status": "legacy", "endOfLife": str(date.today() + timedelta(days=days)), "endOfLifeNoSoonerThan": None}
    return json.dumps(table)


def test_an_ending_model_opens_one_issue_with_its_replacement(world: World):
    done = world.week(ending(30))
    [issue] = world.state["issues"]
    assert done.returncode == 2  # make's own: the check failed, so the job does
    assert "Opened https://github.com/owner/name/issues/1\n" in done.stderr
    assert issue["title"] == "A model needs care" and issue["labels"] == ["models"]
    assert f"- {DEFAULT} ends in 30 days" in issue["body"]
    assert f"- `{DEFAULT}`: use `qwen.qwen3-32b-v1:0` (" in issue["body"]
    assert "run `make deploy MODEL=qwen.qwen3-32b-v1:0`." in issue["body"]


def test_the_next_weeks_bring_that_issue_up_to_date(world: World):
    world.week(ending(30))
    world.week(ending(23))
    done = world.week(ending(16))
    [issue] = world.state["issues"]
    assert "Brought issue 1 up to date.\n" in done.stderr
    assert "ends in 16 days" in issue["body"] and "ends in 30 days" not in issue["body"]


def test_a_table_that_is_well_again_closes_it(world: World):
    world.week(ending(30))
    done = world.week(FRESH)
    [issue] = world.state["issues"]
    assert (done.returncode, done.stderr) == (0, "All models are well; closed issue 1.\n")
    assert not issue["open"]


def test_after_that_a_new_one_is_opened(world: World):
    for table in [ending(30), FRESH, ending(30)]:
        world.week(table)
    assert [issue["open"] for issue in world.state["issues"]] == [False, True]


def test_a_table_that_is_well_opens_none(world: World):
    done = world.week(FRESH)
    assert (done.returncode, world.state["issues"]) == (0, [])
    assert done.stderr == "All models are well; there is no issue to close.\n"


def test_an_issue_without_the_label_is_left_alone(world: World):
    world.say(issues=[{"number": 1, "open": True, "labels": ["bug"], "title": "Something else", "body": "mine"}])
    world.week(ending(30))
    assert [issue["title"] for issue in world.state["issues"]] == ["Something else", "A model needs care"]
    assert world.state["issues"][0]["body"] == "mine"


def test_a_stale_row_is_an_issue_without_a_replacement(world: World):
    world.week(FRESH.replace(f'"confirmedOn": "{date.today()}"', '"confirmedOn": "2026-01-01"', 1))
    [issue] = world.state["issues"]
    assert "make models-refresh" in issue["body"] and "What can take its place" not in issue["body"]


def test_a_check_that_could_not_look_says_so_and_opens_none(world: World):
    done = world.week(FRESH, MODEL="nova")
    assert done.returncode == 2 and world.state["calls"] == []
    assert "make models-issue: the models could not be checked: MODEL nova is not in models.json" in done.stderr


@pytest.mark.parametrize("command", ["label create", "issue list", "issue create"])
def test_what_github_refuses_is_said_in_its_words(world: World, command: str):
    world.say(refuses=command)
    done = world.week(ending(30))
    assert done.returncode == 2 and world.state["issues"] == []
    assert f"make models-issue: gh {command} failed: HTTP 403: Resource not accessible by integration\n" in done.stderr


def row(name: str, price: float, regions: list[str], access: str = "none", status: str = "active", days: "int | None" = None) -> dict:
    return {"id": name, "pricePerMillionTokens": {"input": 0, "output": price}, "destinationRegions": regions, "access": access, "lifecycle": {"status": status}, "daysToEnd": days}


OLD = row("old", 3, ["tokyo", "osaka"], status="legacy")


@pytest.mark.parametrize(
    ("table", "chosen"),
    [
        ([row("dear", 9, ["tokyo"]), row("near", 4, ["tokyo"])], "near"),
        ([row("abroad", 3, ["tokyo", "sydney"]), row("here", 9, ["osaka", "tokyo"])], "here"),
        ([row("global", 3, []), row("here", 9, ["tokyo"])], "here"),
        ([row("form", 3, ["tokyo"], access="marketplace"), row("free", 9, ["tokyo"])], "free"),
        ([row("ending", 3, ["tokyo"], days=60), row("lasting", 9, ["tokyo"], days=61)], "lasting"),
        ([row("legacy", 3, ["tokyo"], status="legacy")], None),
        ([], None),
    ],
)
def test_a_replacement_lives_on_stays_in_its_regions_and_asks_for_no_more(table: list, chosen: "str | None"):
    found = replacement(OLD, [OLD, *table])
    assert (found and found["id"]) == chosen


def test_a_replacement_lives_as_long_as_models_check_asks_for():
    assert f"LEAST_DAYS_TO_LIVE = {LEAST_DAYS_TO_LIVE};" in (ROOT / "infra/lib/model-life.ts").read_text()
