"""One settings file. Every knob is an environment variable; docs/operate.md lists them.

Without any of them Fairgate runs on SQLite under ./var, which is what `make demo` and a first look need.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONCE, SELF
from django.core.exceptions import ImproperlyConfigured

from consent import private_files
from cookiebanner import env

BASE_DIR = env.CHECKOUT
FAIRGATE_FILES = env.FILES
VERSION = env.version()

# --- Fairgate's own -------------------------------------------------------------------------------------------------
FAIRGATE_DATA = Path(env.text("FAIRGATE_DATA") or (Path.cwd() if env.INSTALLED else BASE_DIR) / "var").resolve()
FAIRGATE_DEMO = env.boolean("FAIRGATE_DEMO")  # the demo account may log in; never set it on a real server
FAIRGATE_UNSAFE = env.boolean("FAIRGATE_UNSAFE")  # accept a PostgreSQL that may lose acknowledged records
FAIRGATE_WRITERS = max(0, env.integer("FAIRGATE_WRITERS", 0))  # threads that store answers; 0 = as it fits
FAIRGATE_RATE_LIMIT = env.integer("FAIRGATE_RATE_LIMIT", 60)  # answers a minute and peer; 0 = off
FAIRGATE_IMPRESSION_LIMIT = env.integer("FAIRGATE_IMPRESSION_LIMIT", -1)  # the same; -1 = as many as answers
FAIRGATE_REPORT_LIMIT = env.integer("FAIRGATE_REPORT_LIMIT", -1)  # the same; -1 = half as many as answers
FAIRGATE_API_LIMIT = env.integer("FAIRGATE_API_LIMIT", 600)  # requests a minute of one token of the admin API; 0 = off
FAIRGATE_THREADS = env.integer("FAIRGATE_THREADS", 8)  # Django threads (and database connections) of one process
FAIRGATE_PROCESSES = env.integer("FAIRGATE_PROCESSES", 0)  # of an export or a verification; 0 = one a core
FAIRGATE_PROTOCOL = env.text("FAIRGATE_PROTOCOL") or "fairgate"  # what speaks HTTP; "stock": uvicorn's own classes
if FAIRGATE_PROTOCOL not in ("fairgate", "stock"):
    raise ImproperlyConfigured(f"FAIRGATE_PROTOCOL must be fairgate or stock, not {FAIRGATE_PROTOCOL!r}")
FAIRGATE_BODY_LIMIT = 8 * 1024  # bytes of one answer, or of what else visitors may POST
FAIRGATE_REQUEST_LIMIT = env.integer("FAIRGATE_REQUEST_LIMIT", 2**20)  # bytes of the body of any other request
FAIRGATE_FILE_SCANNER = env.words("FAIRGATE_FILE_SCANNER")  # a command that reads a file and ends with 0 if it is clean
FAIRGATE_UPLOAD_LIMIT = env.integer("FAIRGATE_UPLOAD_LIMIT", 20 * 2**20)  # the same, to the dashboard and its API
FAIRGATE_SPOOL_LIMIT = env.integer("FAIRGATE_SPOOL_LIMIT", 4 * 2**30)  # bytes on disk that wait for slow clients
FAIRGATE_URL = env.base_url("FAIRGATE_URL")  # public base URL: links in mails come from it, never from a Host header
FAIRGATE_HSTS = env.integer("FAIRGATE_HSTS", 31_536_000)  # seconds that browsers keep to https; 0 = not told
FAIRGATE_COUNTRY_HEADERS = env.words("FAIRGATE_COUNTRY_HEADERS")  # own "country[,region]" header names
FAIRGATE_SIGNING_KEY = env.text("FAIRGATE_SIGNING_KEY")  # base64 Ed25519 seed; empty = kept in FAIRGATE_DATA
FAIRGATE_LOG_NAME = env.text("FAIRGATE_LOG_NAME", "fairgate.local")  # origin of checkpoints: your public host name
FAIRGATE_ANCHORS = env.words("FAIRGATE_ANCHORS")  # where checkpoints are kept outside, see consent/ledger/anchors.py
FAIRGATE_PICTURES = env.boolean("FAIRGATE_PICTURES", True)  # picture each release's banners (docs/operate.md)
FAIRGATE_BROTLI = env.integer("FAIRGATE_BROTLI", 11)  # 0 to 11: how hard what is live is compressed; tests hurry
MMDB = env.text("MMDB")
try:
    FAIRGATE_TRUSTED_PROXIES = [ip_network(word, strict=False) for word in env.words("FAIRGATE_TRUSTED_PROXIES")]
except ValueError as error:
    raise ImproperlyConfigured(f"FAIRGATE_TRUSTED_PROXIES: {error}. Give addresses or networks.") from error

# Where webhooks and anchors may go besides public addresses.
try:
    FAIRGATE_OUTGOING_NETWORKS = [ip_network(word, strict=False) for word in env.words("FAIRGATE_OUTGOING_NETWORKS")]
except ValueError as error:
    raise ImproperlyConfigured(f"FAIRGATE_OUTGOING_NETWORKS: {error}. Give addresses or networks.") from error

# --- Django ---------------------------------------------------------------------------------------------------------
DEBUG = env.boolean("DEBUG")
SECRET_KEY = env.kept_secret("SECRET_KEY", FAIRGATE_DATA / "secret_key")
ALLOWED_HOSTS = env.host_names("FAIRGATE_HOSTS", "*")  # see check fairgate.W001
CSRF_TRUSTED_ORIGINS = env.words("FAIRGATE_TRUSTED_ORIGINS")
if FAIRGATE_URL.startswith("https://"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    CSRF_TRUSTED_ORIGINS = [*CSRF_TRUSTED_ORIGINS, FAIRGATE_URL]
    SECURE_HSTS_SECONDS = FAIRGATE_HSTS  # see cookiebanner.front.Security; scripts are sent without

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "consent",
    "cookiebanner",
]
MIDDLEWARE = [
    "cookiebanner.visitors.door.guard",
    "cookiebanner.health.BeforeHost",
    "cookiebanner.front.NamesProxies",
    "cookiebanner.front.Security",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "cookiebanner.staff.languages.StaffLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "cookiebanner.urls"
WSGI_APPLICATION = "cookiebanner.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [FAIRGATE_FILES / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Data -----------------------------------------------------------------------------------------------------------
_sqlite = f"sqlite:///{FAIRGATE_DATA / 'fairgate.sqlite3'}"
DATABASES = {"default": dj_database_url.parse(env.text("DATABASE_URL") or _sqlite, conn_max_age=600)}
for _database in DATABASES.values():
    if _database["ENGINE"].endswith("sqlite3"):
        private_files.folder(FAIRGATE_DATA)
        private_files.touch(_database["NAME"])
        # Tests on a file: threads of one in-memory database would get "table is locked" instead of waiting.
        _database["TEST"] = {"NAME": str(FAIRGATE_DATA / "test.sqlite3")}
        # FULL: an acknowledged record is on disk (docs/decisions/0002). IMMEDIATE: writers queue instead of failing.
        # What is erased is gone from the file, too: not every SQLite overwrites what it deletes.
        _database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
            "PRAGMA secure_delete=ON;",
        }
    else:
        _database["CONN_HEALTH_CHECKS"] = True
if env.text("DATABASE_REPLICA_URL"):
    DATABASES["replica"] = dj_database_url.parse(env.text("DATABASE_REPLICA_URL"), conn_max_age=600)
    DATABASES["replica"]["TEST"] = {"MIRROR": "default"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES: dict[str, dict[str, Any]] = {
    # In files, so that all server processes of a machine count wrong logins together.
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": FAIRGATE_DATA / "cache",
        "OPTIONS": {"MAX_ENTRIES": 5_000},
    }
}
CACHE_URL = env.text("CACHE_URL")  # of a Redis: then several machines count logins and public requests together
if CACHE_URL:
    if not CACHE_URL.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured("CACHE_URL must begin with redis://, rediss:// or unix://.")
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "OPTIONS": {"socket_timeout": 1.0, "socket_connect_timeout": 1.0},
    }

# --- People ---------------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["cookiebanner.staff.accounts.Backend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "cookiebanner.staff.accounts.Adapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # there is no sign-up; owners invite
ACCOUNT_PREVENT_ENUMERATION = "strict"  # adding an address does not tell whether somebody else has it
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/dashboard/"
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.integer("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "fairgate@localhost")
EMAIL_TIMEOUT = 20  # seconds; the worker tries again
if not env.text("EMAIL_HOST"):
    # Mails hold live links, so they are never written to a log. The demo and a developer find theirs in a folder.
    EMAIL_BACKEND = "cookiebanner.staff.mail.NotSetUp"
    if FAIRGATE_DEMO or DEBUG:
        EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
        EMAIL_FILE_PATH = FAIRGATE_DATA / "mail"

# --- Faces ----------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.text("STATIC_ROOT", str(FAIRGATE_DATA / "static"))
STATICFILES_DIRS = [FAIRGATE_FILES / "static"]
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = (
    0o644,
    0o755,
)  # of collected files: a web server may read them
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
LANGUAGE_CODE = "en"
# Of the pages for staff (docs/dashboard.md). Each has a whole catalogue in `locale`: tests/test_messages.py.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("fr", "Français")]
LANGUAGE_COOKIE_NAME = "fairgate_language"
LOCALE_PATHS = [FAIRGATE_FILES / "locale"]
FORMAT_MODULE_PATH = "cookiebanner.formats"
TIME_ZONE = "UTC"
USE_TZ = True
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = None  # set per page: artifacts are loaded across origins
SESSION_ENGINE = "consent.sites.sessions"
SESSION_COOKIE_SAMESITE = "Lax"
# security.W001 looks for Django's own middleware by name; ours (cookiebanner.front.Security) is made of it.
SILENCED_SYSTEM_CHECKS = ["models.W042", "security.W001"]

CORS_URLS_REGEX = r"^/(api/v1/|request/v1/consentreceipts$)"
CORS_ALLOWED_ORIGINS: list[str] = []  # the sites' hosts are allowed by cookiebanner.visitors.cors
CORS_ALLOW_METHODS = ["GET", "POST", "OPTIONS"]
CORS_ALLOW_HEADERS = ["content-type"]
CORS_EXPOSE_HEADERS = ["retry-after"]
CORS_PREFLIGHT_MAX_AGE = 86400

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "cookiebanner.problems.handler",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Fairgate",
    "DESCRIPTION": "Consent and cookie preferences: record answers, read receipts, administer sites.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.1",  # its schemas are JSON Schema, as msgspec makes them
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_PATCH": False,  # what a PATCH takes has a serializer of its own
    "SCHEMA_PATH_PREFIX": r"/api/(admin/)?v1",
    "ENUM_NAME_OVERRIDES": {
        "CookieKind": "consent.catalogue.models.Cookie.Kind",
        "ChangeKind": "cookiebanner.admin_api.releases.KINDS",
        "Verdict": "consent.catalogue.models.RuleOverride.Verdict",
        "JobState": "consent.jobs.models.Job.Status",
        "Role": "consent.sites.models.Membership.Role",
        "Level": "consent.sites.models.Site.Level",
        "Scope": "consent.sites.actions.SCOPES",
        "Code": "cookiebanner.admin_api.errors.CODE_NAMES",
        "RequestKind": "cookiebanner.admin_api.requests.KINDS",
        "RequestLineKind": "consent.requests.models.RequestEvent.Kind",
        "RequestStatus": "consent.requests.models.SubjectRequest.Status",
        "TopicChannel": "consent.preferences.models.Topic.Channel",
        "RequestChannel": "consent.requests.models.SubjectRequest.Channel",
        "FiledChannel": "cookiebanner.admin_api.requests.CHANNELS",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "cookiebanner.public_api.openapi.add_schemas",
    ],
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"bounded": {"()": "cookiebanner.log_lines.Bounded"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "bounded"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "WARNING")},
    # No access log: it would hold visitors' addresses.
    "loggers": {"django.server": {"handlers": ["console"], "level": "ERROR", "propagate": False}},
}
