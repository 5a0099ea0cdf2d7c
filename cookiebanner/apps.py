from django.apps import AppConfig


class CookiebannerConfig(AppConfig):
    name = "cookiebanner"

    def ready(self) -> None:
        from cookiebanner import checks  # noqa: F401 - all of these register themselves
        from cookiebanner.staff import logins  # noqa: F401
        from cookiebanner.visitors import cors  # noqa: F401
