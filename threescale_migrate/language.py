"""The language of the messages: which one it is, and the catalogue that maps English to it.

Messages are looked up by their English template, through gettext; `locale/*/LC_MESSAGES/*.po` are the sources, and the `.mo` next to
each is made from it by `python -m tests.tools.messages --write`. JSON, journals, names and commands are never translated.
"""

from __future__ import annotations

import errno
import gettext
import io
import os

from . import package_files
from .values import Text, Translate, english

DOMAIN = "threescale_migrate"
CATALOGUE = "locale/{language}/LC_MESSAGES/threescale_migrate.mo"
LANGUAGES = ("en", "ja")

# What the system says of a file that cannot be used; the texts are Python's own, which are English in every locale.
SYSTEM_ERRORS = {
    errno.EPERM: Text("Operation not permitted"),
    errno.ENOENT: Text("No such file or directory"),
    errno.EACCES: Text("Permission denied"),
    errno.EEXIST: Text("File exists"),
    errno.ENOTDIR: Text("Not a directory"),
    errno.EISDIR: Text("Is a directory"),
    errno.ENOSPC: Text("No space left on device"),
    errno.EROFS: Text("Read-only file system"),
    errno.ENAMETOOLONG: Text("File name too long"),
    errno.EDQUOT: Text("Disk quota exceeded"),
    errno.EFBIG: Text("File too large"),
    errno.ESPIPE: Text("a pipe or a device, not a file"),
}


def system_error(error: OSError) -> Text:
    """Why a file cannot be used, in the system's words."""
    if error.errno is None:
        return Text("{kind}", kind=type(error).__name__)
    return SYSTEM_ERRORS.get(error.errno, Text("{said}", said=os.strerror(error.errno)))


# The system refuses what each program needs: memory, a process, a descriptor.
SHORTAGES = (errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE)


def shortage(error: BaseException) -> Text | None:
    """What the system refuses this program; None for any other error."""
    if isinstance(error, MemoryError):
        return Text("memory")
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return Text("another thread")
    if isinstance(error, ImportError) and "failed to map segment" in str(error):
        return Text("memory")
    return system_error(error) if isinstance(error, OSError) and error.errno in SHORTAGES else None


def language_of(given: str | None) -> str:
    """The language to use, `en` or `ja`: `--lang`, else the locale's, in gettext's order."""
    names = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    wanted = given or next((os.environ[name] for name in names if os.environ.get(name)), "")
    for code in wanted.split(":"):
        short = code.partition(".")[0].partition("@")[0].partition("_")[0].lower()
        if short in LANGUAGES:
            return short
    return "en"


def translation(language: str | None) -> Translate:
    """The function from an English template to the language's; what the catalogue lacks stays English."""
    code = language_of(language)
    if code == "en":
        return english
    catalogue = gettext.GNUTranslations(io.BytesIO(package_files.binary(CATALOGUE.format(language=code))))

    def translate(template: str, many: str = "", count: int = 1) -> str:
        if not template:
            return template  # it would give the catalogue's header
        return catalogue.ngettext(template, many, count) if many else catalogue.gettext(template)

    return translate
