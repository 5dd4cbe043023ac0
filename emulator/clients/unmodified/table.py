"""Writes what was run into the README, between its two marks."""

import json
import sys

BEGIN, END = "<!-- clients: made by .ci/emulator-clients accept -->", "<!-- end of clients -->"

results = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
lines = ["| client | language | flow | passes |", "|---|---|---|---|"]
for one in results:
    answer = "yes" if one["passed"] else "no: " + one["why"].replace("|", "/").splitlines()[0]
    lines.append(f"| {one['client']} | {one['language']} | {one['flow']} | {answer} |")
with open(sys.argv[2], encoding="utf-8") as file:
    text = file.read()
before, rest = text.split(BEGIN, 1)
after = rest.split(END, 1)[1]
with open(sys.argv[2], "w", encoding="utf-8") as file:
    file.write(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after)
