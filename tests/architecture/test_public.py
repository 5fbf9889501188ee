"""What is registered can be had by its name, where one looks for it: from its package, or from its module where that is public."""

import importlib
import pkgutil

import pytest

import engine
from engine.registry import Registry

for _module in pkgutil.walk_packages(engine.__path__, "engine."):
    importlib.import_module(_module.name)
REGISTRIES = {
    id(value): value
    for name in sorted(m.name for m in pkgutil.walk_packages(engine.__path__, "engine."))
    for value in vars(importlib.import_module(name)).values()
    if isinstance(value, Registry)
}
CLASSES = [cls for registry in REGISTRIES.values() for cls in registry]


def test_all_registries_were_found() -> None:
    kinds = {registry.kind for registry in REGISTRIES.values()}
    assert kinds >= {
        "layer",
        "loss",
        "optimizer",
        "initializer",
        "regularization",
        "schedule",
        "clipping",
        "data set",
    }


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_every_registered_class_is_public(cls: type) -> None:
    package, _, module = cls.__module__.rpartition(".")
    public = importlib.import_module(package)
    name = module if package == "engine" else cls.__name__
    assert name in public.__all__, f"add {name} to __all__ of {package}"
    where = getattr(public, module) if package == "engine" else public
    assert getattr(where, cls.__name__) is cls
