"""The program beside every export that checks it: its text, and how its report is read."""

from __future__ import annotations

from engine.export.evidence import SAMPLES

#: what stands before the parts that each target fills in: ``imports``, ``values``, ``losses``
CHECK = '''"""Does this program give the numbers of the playground that wrote it?

    python check.py

In float32, every value may differ by what rounding does (8 times what it did in the playground, and 8 units in the last place of the
layer's largest value), and losses by 1e-3 besides, as updates multiply rounding. In float64, by 1e-10 of the largest value (at least of 1).
"""

import json
import sys
{imports}

with np.load({here}"check.npz") as file:
    EXPECTED = {{name: file[name] for name in file.files}}


def values(dtype):
    """What each layer gives for the inputs of check.npz, in inference mode: {{name: (n, ...)}}."""
{values}

{losses}
def compared(found, expected, bound):
    """Where the two differ most, for its size: sample, difference, bound."""
    difference = np.abs(np.asarray(found, np.float64) - expected)
    assert difference.shape == expected.shape, f"shape {{np.shape(found)}}, expected {{expected.shape}}"
    share = (difference / bound).reshape(len(expected), -1).max(axis=1)
    sample = int(share.argmax()) if np.isfinite(share).all() else int((~np.isfinite(share)).argmax())
    size = bound[sample] if np.ndim(bound) else bound
    return {{"sample": sample, "difference": float(difference[sample].max()), "bound": float(size)}}


def where(sample):
    """Which of the inputs it is: some of the data, then zeros, ones, and noise."""
    number = sample - (len(EXPECTED["x"]) - {made})
    return f"sample {{sample + 1}}" if number < 0 else ["zeros", "ones"][number] if number < 2 else f"noise {{number - 1}}"


def report():
    """A row for each layer and type of numbers."""
    for dtype in {dtypes!r}:
        for name, found in values(dtype).items():
            row = compared(found, EXPECTED[f"value {{name}}"], EXPECTED[f"{{dtype}} {{name}}"])
            yield {{"what": f"layer {{name}}", "dtype": dtype, **row, "where": where(row["sample"])}}{loss_rows}


def main(as_json=False):
    rows = []
    for r in report():
        rows.append(r)
        if as_json:
            print(json.dumps(r), flush=True)
        else:
            share = f"{{r['difference'] / r['bound']:7.1%}} of the bound"
            print(f"{{r['what']:>20}}  {{r['dtype']}}  differs by {{r['difference']:.1e}}, {{share}} ({{r['where']}})")
    if as_json:
        print(len(rows), flush=True)
    for r in rows:
        if not r["difference"] <= r["bound"]:  # so for NaN
            off = f"{{r['what']}} in {{r['dtype']}} differs by {{r['difference']:.3g}}, more than {{r['bound']:.3g}}"
            raise AssertionError(off)  # where Python is told to make no assertions, too
    if not as_json:
        print("This program gives the same numbers.")


if __name__ == "__main__":
    main(as_json={as_json})
'''

LOSS_ROWS = """
        if len(EXPECTED["losses"]):
            row = compared(losses(dtype), EXPECTED["losses"], EXPECTED[f"{dtype} losses"])
            update = f"update {row['sample'] + 1}"
            yield {"what": f"the first {len(EXPECTED['losses'])} losses", "dtype": dtype, **row, "where": update}"""


def check_text(
    imports: str,
    values: str,
    losses: str = "",
    dtypes: tuple[str, ...] = ("float32", "float64"),
    here: str = "Path(__file__).parent / ",
    as_json: str = '"--json" in sys.argv',
) -> str:
    """The whole program.

    Args:
        imports: its imports beside those it always has, NumPy's and pathlib's among them.
        values, losses: bodies of functions of ``dtype``; without ``losses``, training is not checked.
        dtypes: the types of numbers it computes in.
        here: what leads to the folder of its files, in code.
    """
    function = f'def losses(dtype):\n    """Of the first updates, made as they were there: same order, same masks."""\n{losses}\n\n\n'
    return CHECK.format(
        imports=imports,
        made=SAMPLES + 2,
        values=values,
        losses=f"\n{function}" if losses else "\n",
        loss_rows=LOSS_ROWS if losses else "",
        dtypes=dtypes,
        here=here,
        as_json=as_json,
    )
