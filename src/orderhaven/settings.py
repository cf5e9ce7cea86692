"""Django's settings. Everything a person can set is an environment variable; see docs/reference/environment.md."""

import os
from urllib.parse import urlsplit

import dj_database_url

from orderhaven import paths
from orderhaven.core.errors import HubError
from orderhaven.core.translation import _

_POSTGRES = ("postgresql://", "postgres://")


class WrongSetting(HubError):
    """An environment variable cannot be what it is; its text says which and why."""


def postgres(url: str) -> dict[str, object]:
    """Of `postgresql://user:password@host/name?sslmode=verify-full`; each parameter goes to the driver as it is.

    Raises WrongSetting.
    """
    if not url.startswith(_POSTGRES):
        raise WrongSetting(
            _(
                "ORDERHAVEN_DATABASE_URL must begin with postgresql://. Leave it out to keep an SQLite file in the data "
                "folder."
            )
        )
    try:
        return {**dj_database_url.parse(url, conn_max_age=None, conn_health_checks=True)}
    except dj_database_url.ParseError:
        raise WrongSetting(
            _(
                "ORDERHAVEN_DATABASE_URL is no address. Write it as postgresql://user:password@host:5432/name, and special "
                "characters in the password in percent form, such as %40 for @."
            )
        ) from None


# ORDERHAVEN_UNSAFE_SYNC is for simulations, where processes die and power does not
SQLITE_SYNCHRONOUS = "OFF" if os.environ.get("ORDERHAVEN_UNSAFE_SYNC") == "1" else "FULL"


def _sqlite() -> dict[str, object]:
    return {
        "ENGINE": "orderhaven.store.sql.sqlite",
        "NAME": str(paths.sqlite_file()),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                f"PRAGMA journal_mode=WAL; PRAGMA synchronous={SQLITE_SYNCHRONOUS}; PRAGMA foreign_keys=ON; "
                "PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864;"
            ),
        },
    }


DATABASES = {"default": postgres(paths.database_url()) if paths.database_url() else _sqlite()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECRET_KEY = paths.web_secret()
DEBUG = False

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "ninja",  # for the files of the API's page
    "orderhaven.store",
    "orderhaven.web",
]

# ---------------------------------------------------------------- the web

_ADDRESS = urlsplit(paths.web_address())
_IS_HTTPS = _ADDRESS.scheme == "https"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *([_ADDRESS.hostname] if _ADDRESS.hostname else [])]
CSRF_TRUSTED_ORIGINS = [f"{_ADDRESS.scheme}://{_ADDRESS.netloc}"]
ROOT_URLCONF = "orderhaven.web.urls"
WSGI_APPLICATION = "orderhaven.web.wsgi.application"
MIDDLEWARE = [
    "orderhaven.web.health.Probes",  # first: a probe comes by any address
    "orderhaven.web.request_log.Journal",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "orderhaven.web.middleware.ContentPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "orderhaven.web.middleware.UserLanguage",
    "orderhaven.web.middleware.SessionEnds",
    "orderhaven.web.middleware.FriendlyErrors",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": False,
        "DIRS": [paths.package("web", "templates")],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "orderhaven.web.context.everywhere",
            ],
            "loaders": [("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])],
            "builtins": ["orderhaven.web.templatetags.words", "django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [paths.package("web", "static")]
WHITENOISE_USE_FINDERS = True  # from the packages they come with: nothing is collected or built
WHITENOISE_MAX_AGE = 86400
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _IS_HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 86400 if _IS_HTTPS else 0  # who came by https once is not led to http by anybody
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# ---------------------------------------------------------------- people

AUTH_USER_MODEL = "store.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
SESSION_COOKIE_NAME = "orderhaven"
SESSION_COOKIE_AGE = 12 * 3600  # seconds after it was last used; see web.middleware.SessionEnds
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _IS_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "orderhaven.web.errors.stale_form"
OTP_TOTP_ISSUER = "Orderhaven"

# ---------------------------------------------------------------- languages and time

USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("nl", "Nederlands"), ("en", "English")]
LOCALE_PATHS = [paths.package("locale")]
USE_TZ = True
TIME_ZONE = "UTC"
