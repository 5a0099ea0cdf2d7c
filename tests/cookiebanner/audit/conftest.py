from tests.cookiebanner.dashboard.conftest import (  # noqa: F401
    alice,
    foreign,
    login,
    people,
    shop,
)
