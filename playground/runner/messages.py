"""What the window and the worker say to each other: commands in, frames out, all of them immutable.

A *want* names something a visible view needs; a frame carries an *answer* for each want that could be met.
"""
# ruff: noqa: F403

from playground.runner.commands import *
from playground.runner.frame import *
from playground.runner.inspecting import *
from playground.runner.live import *
from playground.runner.wants import *
