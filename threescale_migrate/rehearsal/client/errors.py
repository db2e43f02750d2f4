"""The errors of `oc`; every text is from `errors` or from the other recorded scenarios."""

from __future__ import annotations

from ..ages import has
from ..refusing import REJECTED, ApiError
from ..resources import Resource, named


class CommandError(Exception):
    """Ends the command; the text goes to stderr unchanged."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.exit_code = exit_code


class Unauthenticated(CommandError):
    """The login is not valid, or has expired."""

    def __init__(self, doing: str = "") -> None:
        super().__init__(f"error: You must be logged in to the server ({doing + ': ' if doing else ''}Unauthorized)")


def failure(message: str) -> CommandError:
    """An error that the client itself reports."""
    return CommandError(f"error: {message}")


def usage(message: str, command: str) -> CommandError:
    """A command line that cannot be understood (`errors`, `oc get dc --nosuchflag`)."""
    if has("flag errors print the usage"):
        return CommandError(f"Error: {message}\n\n\nUsage:\n  {command} [flags]\n")
    return CommandError(f"error: {message}\nSee '{command} --help' for usage.")


def usage_hint(message: str, command: str) -> CommandError:
    """A command line in which something is missing."""
    return CommandError(f"error: {message}\nSee '{command} -h' for help and examples")


def error_text(error: ApiError, doing: str = "") -> str:
    """The line for an error that the server returned.

    `doing` is what the client was doing, as in `error when creating "amp-sa.yml"`; an invalid object is text without it.
    """
    if error.status == 422 and error.reason == "Invalid":
        return f"The {error.message}"
    if error.status == 422:
        short = error.message == REJECTED and has("an invalid request is not explained")
        return "The request is invalid" if short else f"The request is invalid: {error.message}"
    text = f"{doing}: {error.message}" if doing else error.message
    return f"Error from server ({error.reason}): {text}" if error.reason else f"Error from server: {text}"


def type_named(name: str) -> Resource:
    """The type by a name of it. Raises CommandError."""
    found = named(name)
    if found is None:
        raise failure(f'the server doesn\'t have a resource type "{name}"')
    return found
