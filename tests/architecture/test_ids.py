"""A test has one name, in whichever process it is collected: so it can be named, compared and handed to a worker."""

import re

import pytest


def test_no_test_is_named_after_an_address(request: pytest.FixtureRequest) -> None:
    named_so = [item.nodeid for item in request.session.items if re.search(r"0x[0-9a-f]{8}", item.nodeid)]
    assert not named_so, f"{len(named_so)} tests, such as {named_so[0]}; give `parametrize` other ids"
