"""Hyper-parameters, said once.

A spec is a frozen dataclass whose fields are declared with :func:`param`. The form, the project file,
validation, help and exported code all read the declaration; nothing about a hyper-parameter is written twice.

    >>> @dataclass(frozen=True)
    ... class Blur(Spec):
    ...     '''Smooths a picture.'''
    ...     sigma: float = param(Float(min=0.0), default=1.0, help="Width of the blur.", unit="px")
    >>> Blur(sigma=2)
    Blur(sigma=2.0)
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

import numpy as np

from engine.errors import SpecError, few, shown

if TYPE_CHECKING:
    from engine.registry import Registry


class Kind:
    """What values a parameter may take. ``check`` returns the value in its proper type or raises SpecError."""

    def check(self, value: Any) -> Any:
        raise SpecError(f"{type(self).__name__} does not say what values it takes.")

    @property
    def expects(self) -> str:
        """The allowed values in words, for error texts and tool tips."""
        return "a value"


def _range_in_words(noun: str, low: float | None, high: float | None, open_low: bool = False) -> str:
    above = "above" if open_low else "at least"
    least, most = (None if end is None else _end_in_words(end) for end in (low, high))
    if least is not None and most is not None:
        return f"{noun} {above} {least} and at most {most}" if open_low else f"{noun} from {least} to {most}"
    if least is not None:
        return f"{noun} {above} {least}"
    return f"{noun} up to {most}" if most is not None else noun


def _end_in_words(end: float) -> str:
    """ "0.001", "100000", "10,000,000": no 1e+07."""
    return f"{end:,.0f}" if 1e6 <= abs(end) < 1e15 and end == int(end) else f"{end:g}"


@dataclass(frozen=True)
class Int(Kind):
    """A whole number in ``[min, max]``."""

    min: int | None = None
    max: int | None = None

    def check(self, value: Any) -> int:
        ok = isinstance(value, numbers.Integral) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not ok:
            raise SpecError(f"is {shown(value)}; expected {self.expects}")
        if (self.min is not None and value < self.min) or (self.max is not None and value > self.max):
            raise SpecError(f"is {shown(value)}; expected {self.expects}")
        return int(value)

    @property
    def expects(self) -> str:
        return _range_in_words("a whole number", self.min, self.max)


#: the largest number that float32 holds, in which networks are trained, and the smallest above 0 that it holds in full
LARGEST, SMALLEST = float(np.finfo(np.float32).max), float(np.finfo(np.float32).tiny)


#: what ``rounding`` notes; ``None`` outside it
_rounded: ContextVar[list[str] | None] = ContextVar("rounded", default=None)


@contextmanager
def rounding() -> Iterator[list[str]]:
    """Inside, a number that float32 does not hold becomes the nearest that it holds, in place of being refused, and that is noted.

    For files: one that was right in float64 must not be lost for it.
    """
    notes: list[str] = []
    token = _rounded.set(notes)
    try:
        yield notes
    finally:
        _rounded.reset(token)


def _nearest(number: float, above_0: bool) -> float:
    """The nearest number to a finite one that float32 holds in full; for small ones SMALLEST where 0 is none."""
    if 0 < abs(number) < SMALLEST:
        return SMALLEST if above_0 else 0.0
    return max(-LARGEST, min(number, LARGEST))


@dataclass(frozen=True)
class Float(Kind):
    """A number in ``[min, max]`` (``(min, max]`` with ``open_min``) that float32 holds: 0, or of size ``SMALLEST`` to ``LARGEST``.

    ``log`` marks quantities that people choose by order of magnitude, such as a learning rate; forms step them so.
    """

    min: float | None = None
    max: float | None = None
    open_min: bool = False
    log: bool = False

    def check(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise SpecError(f"is {shown(value)}; expected {self.expects}")
        try:
            number = float(value)
        except OverflowError:  # a whole number of hundreds of digits
            number = math.inf
        if not math.isfinite(number):
            raise SpecError(f"is {shown(value)}; expected {self.expects}")
        nearest = _nearest(number, self.open_min)
        if nearest != number and _rounded.get() is None:
            limit = (
                f"{LARGEST:.2g} at most, the largest"
                if abs(number) > LARGEST
                else f"0 or {SMALLEST:.2g} at least, the smallest"
            )
            raise SpecError(f"is {number:g}; expected {self.expects}, of size {limit} that float32 holds")
        number = nearest
        low_ok = self.min is None or number > self.min or (number == self.min and not self.open_min)
        if not low_ok or (self.max is not None and number > self.max):
            raise SpecError(f"is {number:g}; expected {self.expects}")
        return number

    @property
    def expects(self) -> str:
        return _range_in_words("a number", self.min, self.max, self.open_min)


@dataclass(frozen=True)
class Bool(Kind):
    """True or False."""

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise SpecError(f"is {shown(value)}; expected {self.expects}")
        return value

    @property
    def expects(self) -> str:
        return "True or False"


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few strings."""

    options: tuple[str, ...]

    def check(self, value: Any) -> str:
        if value not in self.options:
            raise SpecError(f"is {shown(value)}; expected {self.expects}")
        return str(value)

    @property
    def expects(self) -> str:
        return "one of " + ", ".join(repr(o) for o in self.options)


@dataclass(frozen=True)
class Pair(Kind):
    """A whole number for both axes, or ``(height, width)``; some also take a word such as "same".

    With ``sides``, also four numbers, ``(top, bottom, left, right)``.
    """

    min: int | None = None
    max: int | None = None
    words: tuple[str, ...] = ()
    sides: bool = False
    zero: str = ""  #: what a 0 stands for, where it stands for something else: "kernel size"

    def check(self, value: Any) -> int | tuple[int, int] | tuple[int, int, int, int] | str:
        if isinstance(value, str) and value in self.words:
            return value
        one = Int(self.min, self.max)
        try:
            if isinstance(value, tuple | list) and len(value) == 4 and self.sides:
                top, bottom, left, right = (one.check(part) for part in value)
                if (top, left) != (bottom, right):
                    return top, bottom, left, right
                value = top, left
            if isinstance(value, tuple | list) and len(value) == 2:
                first, second = one.check(value[0]), one.check(value[1])
                return first if first == second else (first, second)
            return one.check(value)
        except SpecError:
            raise SpecError(f"is {shown(value)}; expected {self.expects}") from None

    @property
    def expects(self) -> str:
        words = "".join(f", or {w!r}" for w in self.words)
        four = ", or four (top, bottom, left, right)" if self.sides else ""
        return f"{Int(self.min, self.max).expects}, or a pair of them (height, width){four}{words}"

    def written(self, value: int | tuple[int, ...] | str) -> str:
        """As :func:`sides_in_words`; a 0 that stands for something else is written as that: "= kernel size"."""
        if not self.zero or isinstance(value, str):
            return sides_in_words(value)
        if value == 0:
            return f"= {self.zero}"
        return "×".join(str(n or self.zero) for n in (value if isinstance(value, tuple) else (value,)))


def sides_in_words(value: int | tuple[int, ...] | str) -> str:
    """A value of a :class:`Pair`: "3", "3×5", "same"; of four sides "0+1×0+1", both ends of the height, then of the width."""
    if isinstance(value, tuple) and len(value) == 4:
        return "{}+{}×{}+{}".format(*value)
    return "×".join(map(str, value)) if isinstance(value, tuple) else str(value)


@dataclass(frozen=True)
class Flags(Kind):
    """Any subset of a few strings, kept in the order of ``options``."""

    options: tuple[str, ...]

    def check(self, value: Any) -> tuple[str, ...]:
        if (
            isinstance(value, str)
            or not isinstance(value, tuple | list)
            or not all(v in self.options for v in value)
        ):
            raise SpecError(f"is {shown(value)}; expected {self.expects}")
        return tuple(o for o in self.options if o in value)

    @property
    def expects(self) -> str:
        return "any of " + ", ".join(repr(o) for o in self.options)


@dataclass(frozen=True)
class FloatList(Kind):
    """Some numbers above 0, one after another, such as one for each class; none are shown as ``none_label``."""

    most: int = 1000
    none_label: str = "none"

    def check(self, value: Any) -> tuple[float, ...]:
        if not isinstance(value, tuple | list) or len(value) > self.most:
            raise SpecError(f"is {shown(value)}; expected {self.expects}")
        try:
            return tuple(Float(min=0.0, open_min=True).check(number) for number in value)
        except SpecError:
            raise SpecError(f"is {shown(value)}; expected {self.expects}") from None

    @property
    def expects(self) -> str:
        return "numbers above 0 with commas between them, or none"

    def written(self, value: tuple[float, ...]) -> str:
        """ "1, 2.5"."""
        return ", ".join(f"{number:.12g}" for number in value)

    def read(self, text: str) -> Any:
        """What ``written`` gives back, as numbers; text that is no such thing as it is, for ``check`` to judge."""
        try:
            return tuple(float(part) for part in re.split(r"[,;\s]+", text.strip()) if part)
        except ValueError:
            return text


@dataclass(frozen=True)
class File(Kind):
    """A file or a folder on disk, kept as text; "" while none is chosen. Whether it is there shows when it is read.

    Args:
        folder: a folder is meant, not a file.
        endings: usual endings of such files, such as ".npz"; others are not refused.
    """

    folder: bool = False
    endings: tuple[str, ...] = ()

    def check(self, value: Any) -> str:
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if not isinstance(value, str) or "\0" in value or not _nameable(value):
            raise SpecError(f"is {shown(value)}; expected {self.expects}")
        return value

    @property
    def expects(self) -> str:
        if self.folder:
            return "the path of a folder"
        return f"the path of a file ({', '.join(self.endings)})" if self.endings else "the path of a file"


def _nameable(path: str) -> bool:
    """Whether the system can write it at all."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class Name(Kind):
    """What something in a file is called, such as an array; "" while nothing is said."""

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or "\0" in value:
            raise SpecError(f"is {shown(value)}; expected {self.expects}")
        return value

    @property
    def expects(self) -> str:
        return "a name"


@dataclass(frozen=True)
class Nested(Kind):
    """Another spec, taken from ``registry``; ``None`` too where ``optional`` (shown as ``none_label``)."""

    registry: Registry[Any]
    optional: bool = False
    none_label: str = "none"

    def check(self, value: Any) -> Any:
        if (value is None and self.optional) or isinstance(value, self.registry.base):
            return value
        raise SpecError(f"is {shown(value)}; expected {self.expects}")

    @property
    def expects(self) -> str:
        nothing = " or None" if self.optional else ""
        article = "an" if self.registry.kind[0] in "aeiou" else "a"
        return f"{article} {self.registry.kind} ({', '.join(self.registry.keys())}){nothing}"


@dataclass(frozen=True)
class NestedList(Kind):
    """Any number of other specs taken from ``registry``, in an order that matters; none are shown as ``none_label``."""

    registry: Registry[Any]
    none_label: str = "none"

    def check(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, tuple | list) or not all(isinstance(v, self.registry.base) for v in value):
            raise SpecError(f"is {shown(value)}; expected {self.expects}")
        return tuple(value)

    @property
    def expects(self) -> str:
        return f"any number of {self.registry.kind}s ({', '.join(self.registry.keys())}), one after another"


@dataclass(frozen=True)
class Param:
    """One declared hyper-parameter."""

    name: str
    kind: Kind
    default: Any
    help: str
    unit: str = ""
    label: str = ""
    advanced: bool = False
    entered: bool = True

    @property
    def required(self) -> bool:
        return self.default is dataclasses.MISSING

    @property
    def called(self) -> str:
        """What people call it."""
        return self.label or self.name.replace("_", " ")


def param(
    kind: Kind,
    default: Any = dataclasses.MISSING,
    *,
    help: str,
    unit: str = "",
    label: str = "",
    advanced: bool = False,
    entered: bool = True,
) -> Any:
    """Declare a field of a spec.

    Args:
        kind: which values it takes.
        default: what it is when nobody says; leave out to require it.
        help: one sentence for the learner.
        unit: such as "px", "epochs", "samples"; empty for a pure number.
        label: the name in forms; by default the field's name with spaces.
        advanced: forms may fold it away.
        entered: forms show it; otherwise it is made elsewhere, such as by painting.
    """
    extra = {} if default is dataclasses.MISSING else {"default": default}
    meta = {"kind": kind, "help": help, "unit": unit, "label": label, "advanced": advanced}
    meta["entered"] = entered
    return dataclasses.field(metadata={"param": meta}, **extra)


class _Varying:
    """A formula that differs with a spec's options; asked of the class, it is whole."""

    def __init__(self, whole: str, without: Mapping[str, Mapping[str, str]]) -> None:
        self._whole, self._without = whole, without

    def __get__(self, spec: Spec | None, owner: type[Spec]) -> str:
        text = self._whole
        for name, changes in self._without.items() if spec is not None else ():
            if not getattr(spec, name):
                for there, instead in changes.items():
                    text = text.replace(there, instead)
        return text


def varying(whole: str, **without: Mapping[str, str]) -> Any:
    """Declare a formula of which parts are there only while an option is on: per option, what becomes of which part without it."""
    return _Varying(whole, without)


class ByOption:
    """What a class says of itself, where that differs with one of a spec's options; asked of the class, it is the first."""

    def __init__(self, option: str, each: Mapping[str, Any]) -> None:
        self._option, self.each = option, each

    def __get__(self, spec: Spec | None, owner: type[Spec]) -> Any:
        return next(iter(self.each.values())) if spec is None else self.each[getattr(spec, self._option)]

    def made(self, other: Any, make: Callable[[Any, Any], Any]) -> ByOption:
        """The same with what ``make`` makes of each, and of what ``other`` has for the same value of the option."""
        others = other.each if isinstance(other, ByOption) else dict.fromkeys(self.each, other)
        return ByOption(self._option, {key: make(one, others[key]) for key, one in self.each.items()})


def by_option(option: str, **each: Any) -> Any:
    """Declare something that a class says of itself once for each value of an option, the default first."""
    return ByOption(option, each)


#: names that are letters
GREEK = {"alpha", "beta", "gamma", "delta", "epsilon", "eta", "lambda", "mu", "rho", "sigma", "tau"}


@dataclass_transform(frozen_default=True, field_specifiers=(param, dataclasses.field))
class Spec:
    """Base of everything with hyper-parameters: layers, losses, optimizers, data sets …

    Construction checks every field and raises SpecError naming the class, the field, the value and what was expected.
    """

    key: ClassVar[str] = ""  #: stable name in files; set by Registry.register
    label: ClassVar[str] = ""  #: name shown to people
    category: ClassVar[str] = ""  #: group in palettes and menus
    formula: ClassVar[str] = ""  #: LaTeX, forward
    gradient_formula: ClassVar[str] = ""  #: LaTeX, backward
    letters: ClassVar[
        Mapping[str, str]
    ] = {}  #: LaTeX of names in formulas that are not written as ``letter`` would

    def __post_init__(self) -> None:
        for p in self.params():
            given = getattr(self, p.name)
            try:
                taken = p.kind.check(given)
            except SpecError as error:
                raise SpecError(f"{type(self).__name__}: {p.name} {error}.") from None
            object.__setattr__(self, p.name, taken)
            notes = _rounded.get()
            if notes is not None and isinstance(p.kind, Float) and taken != given:
                notes.append(
                    f"{type(self).__name__}: {p.name} is {shown(given)}, and {taken:.2g} is used, which float32 holds."
                )

    @classmethod
    @cache
    def params(cls) -> tuple[Param, ...]:
        """The declared parameters, in order."""
        return tuple(
            Param(f.name, default=f.default, **f.metadata["param"])
            for f in dataclasses.fields(cls)  # type: ignore[arg-type]
            if "param" in f.metadata
        )

    @classmethod
    def help(cls) -> str:
        """The learner's sentence: the first line of the docstring."""
        return (cls.__doc__ or "").strip().split("\n")[0]

    @classmethod
    @cache
    def letter(cls, name: str) -> str:
        r"""LaTeX of a setting or parameter in formulas: ``\beta_1`` of "beta1"."""
        stem = name.rstrip("0123456789")
        number = f"_{name[len(stem) :]}" if stem != name else ""
        return cls.letters.get(name, ("\\" + stem if stem in GREEK else stem) + number)

    def values(self) -> Iterator[tuple[Param, Any]]:
        """Each parameter with this spec's value."""
        return ((p, getattr(self, p.name)) for p in self.params())

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked anew."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]

    def to_dict(self) -> dict[str, Any]:
        """Plain data: ``{"type": key, field: value, …}``, nested specs likewise. Read back by ``Registry.build``."""
        return {"type": self.key, **{p.name: _plain(v) for p, v in self.values()}}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_plain(v) for v in value)
    if hasattr(value, "to_plain"):  # a value of a kind of its own, such as a table of numbers
        return value.to_plain()
    return value.to_dict() if isinstance(value, Spec) else value


def _built(kind: Kind, value: Any) -> Any:
    """``value`` with the specs in it built, where ``kind`` holds specs; else as it is, for ``kind.check`` to judge."""
    if isinstance(kind, Nested) and isinstance(value, Mapping):
        return kind.registry.build(value)
    if isinstance(kind, NestedList) and isinstance(value, tuple | list):
        return tuple(kind.registry.build(v) if isinstance(v, Mapping) else v for v in value)
    return value


def coerce(cls: type[Spec], data: Mapping[str, Any]) -> dict[str, Any]:
    """Field values for ``cls`` from plain data; nested ``{"type": …}`` are built, unknown fields refused."""
    known = {p.name: p for p in cls.params()}
    unknown = [name for name in data if name not in known and name != "type"]
    if unknown:
        raise SpecError(
            f"{cls.__name__} has no parameter {shown(unknown[0])}; it has {few(known, 20)}. Remove it or rename it."
        )
    out: dict[str, Any] = {}
    for name, value in data.items():
        if name == "type":
            continue
        out[name] = _built(known[name].kind, value)
    return out
