"""What must never be unpickled."""

import pytest


class Bomb:
    """Fails the test that unpickles it."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))
