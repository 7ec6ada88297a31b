"""Mutation testing of the rules: every mutant is killed by a test, or listed with the reason why it is equivalent.

`python -m tests.support.mutants` starts from nothing, prints what survived, and exits with 1 if anything did that
`tests/rules/equivalent_mutants.toml` does not list. Mutants are made of functions and methods; what stands outside
them, and properties, is left to the tables of the tests.
"""

import json
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import ROOT

MUTMUT = str(Path(sys.executable).parent / "mutmut")
MADE = ROOT / "mutants"
LISTED = ROOT / "tests" / "rules" / "equivalent_mutants.toml"


@dataclass(frozen=True, order=True)
class Mutant:
    """A change to a function, known by its lines, so that it is found again when others are added beside it."""

    function: str
    was: str
    becomes: str

    def __str__(self) -> str:
        return f"{self.function}\n    was:     {self.was}\n    becomes: {self.becomes}"


def main(arguments: list[str]) -> int:
    if "--again" not in arguments:
        shutil.rmtree(MADE, ignore_errors=True)
    options = [one for one in arguments if one != "--again"]
    if subprocess.run([MUTMUT, "run", *options], cwd=ROOT, check=False).returncode:
        return 1
    said(MUTMUT, "export-cicd-stats")
    counts = json.loads((MADE / "mutmut-cicd-stats.json").read_text())
    survivors = {mutant_of(name) for name in survivor_names()}
    listed = {
        Mutant(one["function"], one["was"], one["becomes"]) for one in tomllib.loads(LISTED.read_text())["mutant"]
    }
    for text, mutants in (("Survived", survivors - listed), ("Listed, but killed or gone", listed - survivors)):
        for one in sorted(mutants):
            print(f"{text}: {one}")
    print(
        f"{counts['total']} mutants: {counts['killed'] + counts['timeout']} killed, "
        f"{len(survivors & listed)} equivalent, {len(survivors - listed)} survived."
    )
    return int(survivors != listed)


def survivor_names() -> list[str]:
    """Whatever no test has killed, be it that none reaches it. What runs for ever is killed by the clock."""
    results = [line.strip().rpartition(": ") for line in said(MUTMUT, "results").splitlines()]
    return [name for name, _, status in results if status != "timeout"]


def mutant_of(name: str) -> Mutant:
    diff = [line for line in said(MUTMUT, "show", name).splitlines() if not line.startswith(("---", "+++", "#"))]
    was, becomes = ("\n".join(line[1:].strip() for line in diff if line[:1] == sign) for sign in "-+")
    function = name.rpartition("__mutmut_")[0].replace("xǁ", "").replace("ǁ", ".").replace(".x_", ".")
    return Mutant(function, was, becomes)


def said(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
