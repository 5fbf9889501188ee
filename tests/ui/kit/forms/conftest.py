"""A page with a form, ready for the keyboard."""

from __future__ import annotations

import pytest

from tests.ui.kit.forms.specs import Page


@pytest.fixture
def page(qtbot) -> Page:
    page = Page()
    qtbot.addWidget(page)
    page.resize(320, 500)
    with qtbot.waitExposed(page):
        page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    page.elsewhere.setFocus()
    return page
