"""What people install is not this checkout but a wheel; so one is built, installed somewhere else, and used there."""

import csv
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import playground

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command that must succeed, without anything that could lead it back to the checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=250, check=False
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Without isolation: hatchling is among the test dependencies, so that this needs no network.
    run(
        sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, repository, cwd=folder
    )
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a fresh environment in which nothing but our wheel is installed."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    # The running environment's pip, at work on the fresh one, saves installing another.
    run(sys.executable, "-m", "pip", "--python", programs / "python", "install", "--no-deps", wheel, cwd=home)
    # The dependencies are those of the running environment. A .pth file in a folder that was itself added by one is
    # not read; so the editable installation that may be there stays out of sight.
    site_packages = run(
        programs / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home
    )
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(site_packages.strip(), "borrowed.pth").write_text("\n".join(borrowed), encoding="utf-8")
    return programs


def test_the_wheel_holds_the_packages_and_the_assets_and_nothing_else(wheel: Path, repository: Path) -> None:
    def files(folder: str, pattern: str) -> set[str]:
        found = {
            p.relative_to(repository).as_posix() for p in (repository / folder).rglob(pattern) if p.is_file()
        }
        assert found, f"{folder} is empty"
        return found

    packages = files("engine", "*.py") | files("playground", "*.py")
    assets = {f"playground/{name}" for name in files("assets", "*")}
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == packages | assets


def test_what_was_installed_is_what_runs(programs: Path, tmp_path: Path) -> None:
    code = "import engine, playground; print(engine.__file__); print(playground.__file__)"
    for file in run(programs / "python", "-c", code, cwd=tmp_path).splitlines():
        assert Path(file).is_relative_to(programs.parent)


def test_it_says_its_version(programs: Path, tmp_path: Path) -> None:
    assert playground.__version__ in run(programs / "playground", "--version", cwd=tmp_path)


def test_it_trains_an_example(programs: Path, tmp_path: Path) -> None:
    run(
        programs / "playground",
        "train",
        "xor",
        "--epochs",
        "1",
        "--seed",
        "0",
        "--out",
        "result",
        cwd=tmp_path,
    )
    result = tmp_path / "result"
    with (result / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows, "metrics.csv holds no row"
    assert (result / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert (result / "weights.safetensors").stat().st_size > 0
