"""``python -m benchmarks [engine|memory|gui|window|growth|coach|initialization|tables] [options]``: one of the benchmarks, or all, each in a process of its own."""

import subprocess
import sys

BENCHMARKS = ("engine", "memory", "gui", "window", "growth", "coach", "initialization", "tables")


def main(words: list[str]) -> int:
    """Options go to the benchmark that is named; without a name, all run as they are by default."""
    if words and words[0] not in BENCHMARKS:
        print(
            f"There is no benchmark {words[0]!r}; expected {' or '.join(BENCHMARKS)}, then its options.",
            file=sys.stderr,
        )
        return 2
    chosen, options = ((words[0],), words[1:]) if words else (BENCHMARKS, [])
    codes = [
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=False).returncode
        for name in chosen
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
