"""The context menu: everything that can be done to a block, with its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from playground.ui.kit.actions import SPEC
from playground.ui.kit.icons import icon
from playground.ui.kit.text import button_text
from playground.ui.kit.text import tip as as_tip

if TYPE_CHECKING:
    from playground.ui.panels.canvas.view import CanvasView


def menu_for(canvas: CanvasView, block_id: str) -> QMenu:
    """A menu for a block, or for the canvas where ``block_id`` is ""; it deletes itself when it closes."""
    menu = QMenu(canvas)
    menu.setObjectName("canvas_menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setToolTipsVisible(True)
    commands, theme = canvas.commands, canvas.context.theme
    chosen = bool(commands.chosen)

    def add(
        name: str,
        text: str,
        keys: str | QKeySequence.StandardKey,
        act,
        picture: str = "",
        possible: bool = True,
        tip: str = "",
    ) -> None:
        action = menu.addAction(button_text(text), act)
        action.setObjectName(f"canvas_menu.{name}")
        action.setShortcut(QKeySequence(keys))
        # shown, and not taken from the window's own
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.setShortcutVisibleInContextMenu(True)
        action.setEnabled(possible)
        action.setToolTip(as_tip(tip or text))
        if picture:
            action.setIcon(icon(picture, theme))

    def add_action(action_id: str, possible: bool = True, text: str = "") -> None:
        """One of the window's, which says itself what it is called."""
        spec, name = SPEC[action_id], action_id.partition(".")[2]
        add(name, text or spec.text, spec.keys[0], canvas.acts[action_id], spec.icon, possible, spec.tip)

    if block_id:
        is_node = canvas.scene.plan[block_id].is_node
        fresh = commands.fresh(block_id) if is_node else None
        add(
            "options",
            "Edit Options",
            "Return",
            lambda: canvas.context.focus.ask_edit(block_id),
            "tune-variant",
        )
        add(
            "reset", "Reset this layer's options", "", lambda: commands.reset_options(block_id), "restore",
            fresh is not None, "Put every option of this layer back to its default.",
        )  # fmt: skip
        if is_node:
            add(
                "name", "Rename…", "F2", lambda: canvas.context.focus.ask_name(block_id),
                "form-textbox", tip="Choose what this layer is called.",
            )  # fmt: skip
            add(
                "wires",
                "What It Reads…",
                "W",
                lambda: canvas.context.focus.ask_wires(block_id),
                "connection",
                tip="Choose which earlier blocks this one reads.",
            )
        menu.addSeparator()
        add("left", "Move Left", "Alt+Left", lambda: commands.move_by(-1), "arrow-left", chosen)
        add("right", "Move Right", "Alt+Right", lambda: commands.move_by(+1), "arrow-right", chosen)
        menu.addSeparator()
        for action_id in ("edit.cut", "edit.copy"):
            add_action(action_id, chosen)
        add_action("edit.paste", text="Paste Behind")
        for action_id in ("edit.duplicate", "edit.delete"):
            add_action(action_id, chosen)
        return menu
    add_action("edit.paste")
    add_action("edit.select_all", bool(canvas.scene.plan.nodes))
    menu.addSeparator()
    for action_id in ("view.fit", "view.zoom_in", "view.zoom_out"):
        add_action(action_id)
    return menu
