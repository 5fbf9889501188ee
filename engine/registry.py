"""Registries: the one list of each kind of thing.

Things are registered where they are defined, under a stable key that project files store:

    >>> @activations.register("ReLU", category="activation")
    ... class ReLU(Layer): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from engine.errors import SpecError, UnknownName, shown
from engine.spec import Spec, coerce

T = TypeVar("T", bound=Spec)
C = TypeVar("C", bound=type[Spec])


class Registry(Generic[T]):
    """All specs of one kind, in order of registration."""

    def __init__(self, kind: str, base: type[T]) -> None:
        self.kind, self.base = kind, base
        self._entries: dict[str, type[T]] = {}

    def register(self, key: str, *, category: str = "", label: str = "") -> Callable[[C], C]:
        """Class decorator. A key may be taken once only: files depend on its meaning."""

        def decorate(cls: C) -> C:
            if key in self._entries:
                raise SpecError(
                    f"The {self.kind} {key!r} is registered already ({self._entries[key]}). Choose another key."
                )
            cls.key, cls.category, cls.label = key, category, label or key
            self._entries[key] = cls  # type: ignore[assignment]
            return cls

        return decorate

    def unregister(self, key: str) -> None:
        """Take an entry out again (for tests and plug-ins)."""
        self.get(key)
        del self._entries[key]

    def get(self, key: str) -> type[T]:
        """The class under ``key``. Raises UnknownName, which lists the nearest ones."""
        try:
            return self._entries[key]
        except (KeyError, TypeError):  # a file may hold a list where a key should stand
            raise UnknownName(self.kind, key, self._entries) from None

    def keys(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def by_category(self) -> dict[str, tuple[type[T], ...]]:
        """``category → classes``, both in order of registration."""
        groups: dict[str, list[type[T]]] = {}
        for cls in self:
            groups.setdefault(cls.category, []).append(cls)
        return {name: tuple(members) for name, members in groups.items()}

    def build(self, data: object) -> T:
        """The spec that ``Spec.to_dict`` described. Raises UnknownName or SpecError."""
        if not isinstance(data, Mapping) or "type" not in data:
            raise SpecError(
                f"A {self.kind} is described by {shown(data)}; expected a mapping with a 'type'. Name its type."
            )
        cls = self.get(data["type"])
        values = coerce(cls, data)
        missing = [p.name for p in cls.params() if p.required and p.name not in values]
        if missing:
            raise SpecError(f"{cls.__name__} lacks {', '.join(missing)}. Give a value for it.")
        return cls(**values)

    def __iter__(self) -> Iterator[type[T]]:
        return iter(self._entries.values())

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)
