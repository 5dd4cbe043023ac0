"""Writes what was run into the README, between its two marks. Of clients that were not run the old rows stay, with their day."""

import datetime
import json
import sys

BEGIN, END = "<!-- clients: made by .ci/emulator-clients accept -->", "<!-- end of clients -->"
HEAD = ["| client | language | flow | passes | last run |", "|---|---|---|---|---|"]


def row(result, day):
    if "notHere" in result:
        answer = "not here: " + result["notHere"]
    elif result["passed"]:
        answer = "yes"
    else:
        answer = "no: " + result["why"].replace("|", "/").splitlines()[0]
    return f"| {result['client']} | {result['language']} | {result['flow']} | {answer} | {day} |"


def whose(line):
    """The client of a row, without its version."""
    return line.split("|")[1].rsplit(maxsplit=1)[0].strip()


def main():
    results, readme = sys.argv[1:3]
    with open(results, encoding="utf-8") as file:
        made = [row(json.loads(line), datetime.date.today()) for line in file]
    with open(readme, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN, 1)
    old, after = rest.split(END, 1)
    kept = [line for line in old.strip().splitlines()[2:]]
    lines = []
    for client in dict.fromkeys(whose(line) for line in kept + made):
        lines += [line for line in made if whose(line) == client] or [line for line in kept if whose(line) == client]
    with open(readme, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n" + "\n".join(HEAD + lines) + "\n" + END + after)


main()
