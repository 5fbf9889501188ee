"""``make soak``: the long versions of what CI tries for a moment. ARGS="malformed --seed 7 --cases 5000"; --help says more."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections import Counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tests.soak.running import Fault, one, parts, watched


def main() -> int:
    known = parts()
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(known)}; all by default")
    parser.add_argument("--cases", type=int, help="of each part; fifty times as many as CI by default")
    parser.add_argument("--seed", type=int, help="of the first case; drawn anew by default")
    parser.add_argument("--go-on", action="store_true", help="after a fault, too")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(known):
        parser.error(f"there is no {', '.join(sorted(unknown))}; expected {', '.join(known)}")

    faults = 0
    for part in chosen.parts or known:
        first = secrets.randbits(32) if chosen.seed is None else chosen.seed
        cases = chosen.cases or 50 * known[part].SHORT
        print(f"{part}: {cases} cases from seed {first}", flush=True)
        came: Counter[str] = Counter()
        for seed in range(first, first + cases):
            try:
                with watched():
                    came[one(part, seed)] += 1
            except Fault as fault:
                faults += 1
                came["FAULT"] += 1
                print(f"  {fault}", flush=True)
                if not chosen.go_on:
                    break
        print("  " + ", ".join(f"{count} {what}" for what, count in came.most_common()), flush=True)
    print(f"{faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
