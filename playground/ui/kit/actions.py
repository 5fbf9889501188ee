"""Everything the menus, the tool bar and the keyboard can do, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from playground.runner.messages import State
from playground.ui.kit.icons import icon
from playground.ui.kit.text import button_text
from playground.ui.kit.text import tip as as_tip

if TYPE_CHECKING:
    from engine.trace.symbols import Way
    from playground.ui.kit.theme import Theme

Key = QKeySequence.StandardKey

#: why one cannot step back
BEGUN = "no update has been made since the run began or a setting was changed."

#: how large everything can be drawn, in percent
SCALES = (100, 125, 150, 175, 200)

#: significant digits of the numbers of a step, and what that is called; nine tell every float32 from its neighbours
SYMBOLS: dict[Way, tuple[str, str]] = {
    "step": ("x, y, δ of Each Step", "what comes in is x, what goes out y, what arrives δ."),
    "layers": (
        "Numbered by Layer",
        "every layer's output and weights carry its number, as on the worksheet.",
    ),
    "textbook": (
        "Textbook: aᴸ, zᴸ",
        "sums are z, activations a, with the number of the layer above; the loss is J, targets are y.",
    ),
}
DIGITS = {3: "3 digits", 4: "4 digits", 6: "6 digits", 9: "All digits"}

MENUS = ("File", "Edit", "View", "Run", "Help")


@dataclass(frozen=True)
class Situation:
    """What decides which actions are possible.

    Args:
        state: what the worker does.
        problem: why the project cannot run; empty when it can.
        undo, redo: what would be undone and redone; empty when there is nothing.
        back: whether there is an earlier moment to go back to.
        no_way_back: why there is none, where that is not because nothing has been done.
        opens: whether a control answers, by its name in ``lessons/locks.py``.
    """

    state: State = State.EMPTY
    problem: str = ""
    undo: str = ""
    redo: str = ""
    back: bool = False
    no_way_back: str = ""
    opens: Callable[[str], bool] = lambda control: True


#: what a lesson can lock, by the action that needs it
CONTROLS = {
    "run.play": "play", "run.batch": "play", "run.epoch": "play", "run.inspect": "inside", "run.back": "history",
    "run.epoch_back": "history", "run.reset": "reset", "run.new_weights": "seed", "edit.paste": "network", "edit.cut": "network",
    "edit.duplicate": "network", "edit.delete": "network",
}  # fmt: skip
#: why something does not answer
LOCKED = "the lesson keeps this locked for now."


def can_go_back(situation: Situation) -> bool:
    """Whether an update has been made that can be undone."""
    return can_run(situation) and situation.back and situation.state is not State.CRASHED


def always(situation: Situation) -> bool:
    return True


def can_run(situation: Situation) -> bool:
    """Also after a crash: going on begins with mending."""
    return not situation.problem


@dataclass(frozen=True)
class ActionSpec:
    """One thing a person can do.

    Args:
        id: stable name, "menu.what"; also the action's objectName.
        text: as in the menu; an ellipsis where a question follows.
        menu: which menu, or "Menu/Submenu". A submenu stands where its first action is.
        tip: one sentence.
        keys: shortcuts, the first of which menus and tool tips show.
        icon: see ``icons.icon``.
        when: whether it is possible now.
        radio: checkable, one of all that share its submenu.
        check: checkable, by itself.
        rule: a line above it in the menu.
    """

    id: str
    text: str
    menu: str
    tip: str
    keys: tuple[str | Key, ...] = ()
    icon: str = ""
    when: Callable[[Situation], bool] = always
    radio: bool = False
    check: bool = False
    rule: bool = False


SPECS = (
    ActionSpec("file.new", "New", "File", "Start with an empty network.", (Key.New,), "file-outline"),
    ActionSpec(
        "file.open", "Open…", "File", "Open a project from a file.", (Key.Open,), "folder-open-outline"
    ),
    ActionSpec(
        "file.examples",
        "Examples…",
        "File",
        "Choose a network to start from.",
        ("Ctrl+E",),
        "view-grid-outline",
    ),
    ActionSpec("file.points", "Restore Points…", "File", "Return to what was open before.", icon="history"),
    ActionSpec(
        "file.save",
        "Save",
        "File",
        "Save the project and its run to its file.",
        (Key.Save,),
        "content-save-outline",
        rule=True,
    ),
    ActionSpec("file.save_as", "Save As…", "File", "Save the project to another file.", ("Ctrl+Shift+S",)),
    ActionSpec(
        "file.load_weights",
        "Load Weights…",
        "File",
        "Begin with the weights in a safetensors file.",
        when=can_run,
        rule=True,
    ),
    ActionSpec(
        "file.save_weights",
        "Save Weights…",
        "File",
        "Save the weights alone, as a safetensors file.",
        when=can_run,
    ),
    ActionSpec(
        "file.export",
        "Export Program…",
        "File",
        "Write the network as a program for NumPy, PyTorch and others, which proves that it gives the same numbers.",
        ("Ctrl+Shift+E",),
        "export-variant",
        when=can_run,
        rule=True,
    ),
    ActionSpec(
        "file.import",
        "Import Model…",
        "File",
        "Read a network or weights of another program: ONNX, Keras, safetensors, NumPy's or PyTorch's files. Nothing in them is run.",
        icon="application-import",
    ),
    ActionSpec(
        "file.figure",
        "Save Figure…",
        "File",
        "Save a view as a picture or a drawing for a paper or a slide, with the numbers behind it.",
        ("Ctrl+Shift+F",),
        "image-outline",
    ),
    ActionSpec(
        "file.film",
        "Save Film…",
        "File",
        "Save the run as a film of a view or of the whole window: WebP, GIF or MP4.",
        icon="movie-outline",
        when=can_run,
    ),
    ActionSpec(
        "file.report",
        "Save Report…",
        "File",
        "Write a page or a paper of what was done and found, with the project inside: to be handed in, and rerun.",
        icon="file-document-outline",
        when=can_run,
    ),
    ActionSpec(
        "file.share",
        "Share as Code…",
        "File",
        "The project as a short text to send in a message.",
        icon="share-variant-outline",
    ),
    ActionSpec(
        "file.open_code",
        "Open Code",
        "File",
        "Open the project whose code is on the clipboard, as text or as a QR picture such as a screenshot.",
        icon="clipboard-text-outline",
    ),
    ActionSpec("file.quit", "Quit", "File", "Close the playground.", ("Ctrl+Q",), rule=True),
    ActionSpec(
        "edit.undo", "Undo", "Edit", "Take the last edit back.", (Key.Undo,), "undo", lambda s: bool(s.undo)
    ),
    ActionSpec(
        "edit.redo",
        "Redo",
        "Edit",
        "Do the edit again.",
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        "redo",
        lambda s: bool(s.redo),
    ),
    ActionSpec(
        "edit.cut",
        "Cut",
        "Edit",
        "Move the selected blocks to the clipboard.",
        (Key.Cut,),
        "content-cut",
        rule=True,
    ),
    ActionSpec("edit.copy", "Copy", "Edit", "Copy the selected blocks.", (Key.Copy,), "content-copy"),
    ActionSpec(
        "edit.paste",
        "Paste",
        "Edit",
        "Insert the copied blocks after the selected one.",
        (Key.Paste,),
        "content-paste",
    ),
    ActionSpec(
        "edit.duplicate",
        "Duplicate",
        "Edit",
        "Put a copy behind the selected blocks.",
        ("Ctrl+D",),
        "content-duplicate",
    ),
    ActionSpec(
        "edit.delete",
        "Delete",
        "Edit",
        "Take the selected blocks out.",
        (Key.Delete,),
        "delete-outline",
    ),
    ActionSpec(
        "edit.select_all",
        "Select All",
        "Edit",
        "Select every block.",
        (Key.SelectAll,),
        "select-all",
        rule=True,
    ),
    ActionSpec(
        "view.zoom_in",
        "Zoom In",
        "View",
        "Make the network larger.",
        ("Ctrl++", "Ctrl+="),
        "magnify-plus-outline",
    ),
    ActionSpec(
        "view.zoom_out", "Zoom Out", "View", "Make the network smaller.", ("Ctrl+-",), "magnify-minus-outline"
    ),
    ActionSpec(
        "view.fit", "Fit the Network", "View", "Show the whole network.", ("Ctrl+0",), "fit-to-screen-outline"
    ),
    ActionSpec(
        "view.theme.system",
        "As the System",
        "View/Theme",
        "Light or dark as the system is.",
        radio=True,
        rule=True,
    ),
    ActionSpec("view.theme.light", "Light", "View/Theme", "Dark text on light panels.", radio=True),
    ActionSpec("view.theme.dark", "Dark", "View/Theme", "Light text on dark panels.", radio=True),
    *(
        ActionSpec(
            f"view.scale.{percent}",
            f"{percent} %",
            "View/Interface Scale",
            f"Draw everything at {percent} % from the next start on.",
            radio=True,
        )
        for percent in SCALES
    ),
    ActionSpec(
        "view.presentation",
        "Presentation",
        "View",
        "The network and one panel, for a projector; again for all panels as they were.",
        ("F9",),
        "presentation",
        check=True,
    ),
    *(
        ActionSpec(
            f"view.digits.{digits}",
            words,
            "View/Digits",
            f"Write the numbers of a step inside with {words.lower()}.",
            radio=True,
        )
        for digits, words in DIGITS.items()
    ),
    *(
        ActionSpec(
            f"view.symbols.{way}",
            words,
            "View/Symbols",
            f"How the equations of a step inside name their numbers: {tip}",
            radio=True,
        )
        for way, (words, tip) in SYMBOLS.items()
    ),
    ActionSpec(
        "view.full_screen", "Full Screen", "View", "Use the whole screen, or the window again.", ("F11",)
    ),
    ActionSpec(
        "view.reduce_motion",
        "Reduce Motion",
        "View",
        "Let pictures change at once, without moving.",
        check=True,
    ),
    ActionSpec("view.reset_layout", "Reset Layout", "View", "Put every panel back to its first place."),
    ActionSpec("run.play", "Play", "Run", "Train until you press pause.", ("Space",), "play", can_run),
    ActionSpec(
        "run.back",
        "Step One Batch Back",
        "Run",
        "Undo one update: everything is as it was before it.",
        ("B",),
        "skip-previous",
        can_go_back,
    ),
    ActionSpec(
        "run.epoch_back",
        "Step One Epoch Back",
        "Run",
        "Back to where this epoch began, or the one before.",
        ("Shift+B",),
        "skip-backward",
        can_go_back,
    ),
    ActionSpec(
        "run.batch",
        "Step One Batch",
        "Run",
        "Train on one mini-batch: one update.",
        ("S",),
        "skip-next",
        can_run,
    ),
    ActionSpec(
        "run.epoch",
        "Step One Epoch",
        "Run",
        "Train to the end of the epoch.",
        ("Shift+S",),
        "skip-forward",
        can_run,
    ),
    ActionSpec(
        "run.inspect",
        "Step Inside",
        "Run",
        "Pause, and walk through the next update number by number.",
        ("I",),
        "magnify",
        can_run,
    ),
    ActionSpec(
        "run.reset",
        "Reset",
        "Run",
        "Back to the same first weights, epoch 0.",
        ("Ctrl+R",),
        "restart",
        can_run,
        rule=True,
    ),
    ActionSpec(
        "run.new_weights",
        "New Weights",
        "Run",
        "Draw other first weights.",
        ("Ctrl+Shift+R",),
        "dice-5-outline",
    ),
    ActionSpec(
        "run.beside",
        "Run Beside the Old One",
        "Run",
        "Train the project before the last edit and as it is now side by side, and see which is better.",
        ("Ctrl+Shift+B",),
        "compare-horizontal",
        when=can_run,
        rule=True,
    ),
    ActionSpec(
        "run.keep_weights",
        "Keep as First Weights",
        "Run",
        "Begin with the weights as they are now, also after Reset and in files.",
        when=can_run,
    ),
    ActionSpec("run.faster", "Faster", "Run", "More steps a second.", ("]",), "speedometer", rule=True),
    ActionSpec("run.slower", "Slower", "Run", "Fewer steps a second.", ("[",), "speedometer-slow"),
    ActionSpec(
        "help.welcome", "Welcome…", "Help", "Three ways to begin, as at the first start.", icon="door-open"
    ),
    ActionSpec(
        "help.lessons", "Lessons", "Help", "Short lessons with questions and goals.", icon="school-outline"
    ),
    ActionSpec(
        "help.record",
        "Record a Task…",
        "Help",
        "For authors: do a task once, and a lesson with its goal and solution is made of it.",
    ),
    ActionSpec(
        "help.pages",
        "Help",
        "Help",
        "The page of what has the focus: a panel, a layer, a setting.",
        ("F1",),
        "help-circle-outline",
    ),
    ActionSpec(
        "help.shortcuts",
        "Keyboard Shortcuts",
        "Help",
        "All keys at a glance.",
        ("Shift+F1",),
        "keyboard-outline",
    ),
    ActionSpec("help.about", "About", "Help", "Which version this is, and what it is built on.", rule=True),
)


class Actions:
    """The specs as ``QAction`` objects of a window; ``actions["run.play"]`` is one.

    Raises KeyError where ``handlers`` lacks an id.
    """

    def __init__(self, window: QWidget, handlers: Mapping[str, Callable[[], object]], theme: Theme) -> None:
        self._theme, self._running = theme, False
        self._actions = {spec.id: self._make(spec, window, handlers[spec.id]) for spec in SPECS}
        groups: dict[str, QActionGroup] = {}
        for spec in SPECS:
            if spec.radio:
                groups.setdefault(spec.menu, QActionGroup(window)).addAction(self[spec.id])
        window.addActions(list(self._actions.values()))
        self._draw_play()

    def _make(self, spec: ActionSpec, window: QWidget, handler: Callable[[], object]) -> QAction:
        action = QAction(spec.text, window)
        action.setObjectName(spec.id)
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        if spec.icon:
            action.setIcon(icon(spec.icon, self._theme))
        action.setCheckable(spec.radio or spec.check)
        action.setToolTip(with_keys(spec.tip, action))
        # A held Space must not start and stop training thirty times a second.
        action.setAutoRepeat(
            spec.id in ("edit.undo", "edit.redo", "run.batch", "run.back", "view.zoom_in", "view.zoom_out")
        )
        action.triggered.connect(lambda: handler())  # noqa: PLW0108 - without the lambda it would be passed `checked`
        return action

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Put the menus into ``bar``; returns them by name ("File", "View/Theme", …)."""
        menus: dict[str, QMenu] = {}
        for name in MENUS:
            menus[name] = bar.addMenu(f"&{name}")
            menus[name].setObjectName(f"menu.{name}")
            menus[name].setToolTipsVisible(True)
        for spec in SPECS:
            top = menus[spec.menu.split("/")[0]]
            if spec.rule:
                top.addSeparator()
            if spec.menu not in menus:
                menus[spec.menu] = top.addMenu(spec.menu.split("/")[1])
                menus[spec.menu].setObjectName(f"menu.{spec.menu}")
            menus[spec.menu].addAction(self[spec.id])
        return menus

    def update(self, situation: Situation) -> None:
        """Enable what is possible and say why the rest is not."""
        for spec in SPECS:
            open_ = spec.id not in CONTROLS or situation.opens(CONTROLS[spec.id])
            self[spec.id].setEnabled(spec.when(situation) and open_)
        running = situation.state is State.RUNNING
        if running != self._running:
            self._running = running
            self._draw_play()
        self["run.play"].setText("Pause" if running else "Play")
        refused = situation.problem
        for action_id in ("run.play", "run.batch", "run.epoch", "run.inspect"):
            refused = situation.problem if situation.opens(CONTROLS[action_id]) else LOCKED
            tip = (
                "Stop after the current step." if running and action_id == "run.play" else SPEC[action_id].tip
            )
            self[action_id].setToolTip(
                as_tip(f"Not yet: {refused}") if refused else with_keys(tip, self[action_id])
            )
        for action_id in ("run.back", "run.epoch_back"):
            tip = "" if can_go_back(situation) else situation.problem or situation.no_way_back or BEGUN
            self[action_id].setToolTip(
                as_tip(f"Not yet: {tip}") if tip else with_keys(SPEC[action_id].tip, self[action_id])
            )
        self["edit.undo"].setText(button_text(f"Undo {situation.undo}".strip()))
        self["edit.redo"].setText(button_text(f"Redo {situation.redo}".strip()))

    def _draw_play(self) -> None:
        # It stands on the primary button, whose text has a colour of its own.
        name = "pause" if self._running else SPEC["run.play"].icon
        self["run.play"].setIcon(icon(name, self._theme, "accent_text"))


SPEC = {spec.id: spec for spec in SPECS}


def with_keys(tip: str, action: QAction) -> str:
    """A tool tip with the shortcut behind it."""
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return f"{tip} ({keys})" if keys else tip
