"""How `oc` says that something went wrong; every text is one of `errors.jsonl` or of the scenarios beside it."""

from __future__ import annotations

from ..ages import has

UNAUTHORIZED = "You must be logged in to the server"


class CommandError(Exception):
    """Ends the command: the text goes to stderr as it is."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.exit_code = exit_code


def failure(message: str) -> CommandError:
    """An error that the client found by itself."""
    return CommandError(f"error: {message}")


def usage(message: str, command: str) -> CommandError:
    """A command line that cannot be understood (`errors`, `oc get dc --nosuchflag`)."""
    if has("flag errors print the usage"):
        return CommandError(f"Error: {message}\n\n\nUsage:\n  {command} [flags]\n")
    return CommandError(f"error: {message}\nSee '{command} --help' for usage.")


def usage_hint(message: str, command: str) -> CommandError:
    """A command line that lacks something."""
    return CommandError(f"error: {message}\nSee '{command} -h' for help and examples")


def server_error(status: int, reason: str, message: str, doing: str = "") -> str:
    """The line for an error that the server returned.

    `doing` is what the client was at, as in `error when creating "amp-sa.yml"`; an invalid object is text without it.
    """
    if status == 422:
        return f"The {message}" if reason == "Invalid" else f"The request is invalid: {message}"
    text = f"{doing}: {message}" if doing else message
    if status == 401 or reason == "Unauthorized":
        return f"error: {UNAUTHORIZED} ({text})"
    return f"Error from server ({reason}): {text}" if reason else f"Error from server: {text}"
