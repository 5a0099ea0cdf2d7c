"""`13 months` in the languages that we ship and Django has no words for, or wrong ones. Pure."""

from __future__ import annotations

from collections.abc import Callable

# The forms of each unit, in the order in which the language's rule counts them.
WORDS = {
    "el": {
        "year": "έτος|έτη", "month": "μήνας|μήνες", "week": "εβδομάδα|εβδομάδες", "day": "ημέρα|ημέρες",
        "hour": "ώρα|ώρες", "minute": "λεπτό|λεπτά",
    },
    "ga": {"month": "mhí|mí", "day": "lá|lá"},
    "hr": {
        "year": "godina|godine|godina", "month": "mjesec|mjeseca|mjeseci", "week": "tjedan|tjedna|tjedana",
        "day": "dan|dana|dana", "hour": "sat|sata|sati", "minute": "minuta|minute|minuta",
    },
    "is": {
        "year": "ár|ár", "month": "mánuður|mánuðir", "week": "vika|vikur", "day": "dagur|dagar",
        "hour": "klukkustund|klukkustundir", "minute": "mínúta|mínútur",
    },
    "lt": {
        "year": "metai|metai|metų", "month": "mėnuo|mėnesiai|mėnesių", "week": "savaitė|savaitės|savaičių",
        "day": "diena|dienos|dienų", "hour": "valanda|valandos|valandų", "minute": "minutė|minutės|minučių",
    },
    "lv": {
        "year": "gads|gadi|gadu", "month": "mēnesis|mēneši|mēnešu", "week": "nedēļa|nedēļas|nedēļu",
        "day": "diena|dienas|dienu", "hour": "stunda|stundas|stundu", "minute": "minūte|minūtes|minūšu",
    },
    "mt": {
        "year": "sena|snin|-il sena", "month": "xahar|xhur|-il xahar", "week": "ġimgħa|ġimgħat|-il ġimgħa",
        "day": "jum|jiem|-il jum", "hour": "siegħa|sigħat|-il siegħa", "minute": "minuta|minuti|-il minuta",
    },
    "sk": {"minute": "minúta|minúty|minút"},
    "sl": {"hour": "ura|uri|ure|ur"},
    "vi": {"year": "năm", "month": "tháng", "week": "tuần", "day": "ngày", "hour": "giờ", "minute": "phút"},
    "zh-hans": {"year": "年", "month": "个月", "week": "周", "day": "天", "hour": "小时", "minute": "分钟"},
    "zh-hant": {"year": "年", "month": "個月", "week": "週", "day": "天", "hour": "小時", "minute": "分鐘"},
}  # fmt: skip


def _teen(number: int) -> bool:
    return 11 <= number % 100 <= 19


def _slavic(number: int) -> int:
    if number % 10 == 1 and not _teen(number):
        return 0
    return 1 if 2 <= number % 10 <= 4 and not _teen(number) else 2


def _baltic(number: int) -> int:
    if _teen(number) or number % 10 == 0:
        return 2
    return int(number % 10 != 1)


def _maltese(number: int) -> int:
    if _teen(number):
        return 2
    return int(number == 0 or 2 <= number % 100 <= 10)


# Which form goes with a number (CLDR, plural rules).
FORMS: dict[str, Callable[[int], int]] = {
    "el": lambda number: int(number != 1),
    "ga": lambda number: int(not 1 <= number <= 6),
    "hr": _slavic,
    "is": lambda number: int(number % 10 != 1 or number % 100 == 11),
    "lt": _baltic,
    "lv": _baltic,
    "mt": _maltese,
    "sk": lambda number: 0 if number == 1 else 1 if 2 <= number <= 4 else 2,
    "sl": lambda number: {1: 0, 2: 1, 3: 2, 4: 2}.get(number % 100, 3),
}


def length_of_time(number: int, unit: str, language: str) -> str:
    """`13 mėnesių`; nothing where Django's words are good. `language` is one of ours, in lower case."""
    words = WORDS.get(language, {}).get(unit)
    if not words:
        return ""
    form = words.split("|")[FORMS[language](number) if language in FORMS else 0]
    return f"{number}{form}" if form.startswith("-") else f"{number} {form}"
