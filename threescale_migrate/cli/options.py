"""Where argparse's Namespace ends: for each command its session and its options, as values.

It must not check, read or ask anything; what the parser accepted is converted, and no Namespace travels any further.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from ..guide.prove_pull import ALL, IMAGE
from ..run.options import (
    BackupOptions,
    Changing,
    Connection,
    Expectations,
    ExportOptions,
    Gating,
    HelpOptions,
    HistoryOptions,
    Judgement,
    ManifestOptions,
    Many,
    MigrateOptions,
    Monitoring,
    Output,
    PlanOptions,
    PreflightOptions,
    RehearseOptions,
    RequestOptions,
    Saving,
    ScriptOptions,
    SecretSource,
    StepOptions,
    UndoOptions,
    VerifyOptions,
)
from ..run.session import Session
from ..values import NEXT_IMAGES, Step
from .groups import PRINT_ORDER

Made = TypeVar("Made")


def same_names(made: type[Made], given: Namespace) -> Made:
    """Options whose fields are called as the command line calls them; a command that does not have one leaves its default."""
    names = made.__annotations__.keys() & vars(given).keys()
    return made(**{name: getattr(given, name) for name in names})


def output(given: Namespace) -> Output:
    """The options about the output."""
    debug = given.verbose > 1 or os.environ.get("THREESCALE_MIGRATE_DEBUG", "") not in ("", "0")
    return Output(given.output, given.quiet, given.verbose > 0, given.lang, debug, given.color, given.plain)


def session(given: Namespace) -> Session:
    """The session of a command that asks the cluster."""
    arguments, words = given.again
    report, ticket = getattr(given, "report", None), getattr(given, "ticket", None) or ""
    return Session(given.command, same_names(Connection, given), output(given), report, ticket, words, arguments)


def secret(given: Namespace) -> SecretSource:
    """Where the registry secret comes from."""
    return SecretSource(given.secret_file, given.username, given.from_secret)


def request(given: Namespace) -> RequestOptions:
    """What a request is made from, as far as the command has options for it. Where a test of the token can be forbidden, it is
    made by default, with one image."""
    by_default = "no_prove_pull" in given
    image = vars(given).get("prove_pull")
    images = () if image is None else NEXT_IMAGES if image == ALL else (image,)
    order = vars(given).get("wave_plan")
    return replace(
        same_names(RequestOptions, given),
        configs=tuple(given.dc or ()),
        skip=tuple(Step(name) for name in given.skip),
        secret=secret(given),
        prove_pull=images or ((IMAGE,) if by_default and not given.no_prove_pull else ()),
        prove_by_default=by_default and image is None,
        wave_plan=None if order is PRINT_ORDER else order,
        print_order=order is PRINT_ORDER,
    )


def expectations(given: Namespace) -> Expectations:
    """Where the user expects to be."""
    return Expectations(given.expect_project, given.expect_server)


def gating(given: Namespace) -> Gating:
    """What stands between two waves."""
    return Gating(given.gate, given.gate_timeout, given.pause)


def many(given: Namespace, jobs: int = 1) -> Many:
    """Which projects."""
    return Many(tuple(given.projects or ()), given.all_contexts, given.inventory, jobs)


def plan(given: Namespace) -> tuple[Session, PlanOptions]:
    """`plan`."""
    return session(given), PlanOptions(
        request(given), expectations(given), same_names(Judgement, given), many(given, given.jobs)
    )


def preflight(given: Namespace) -> tuple[Session, PreflightOptions]:
    """`preflight`."""
    return session(given), PreflightOptions(request(given), expectations(given), same_names(Judgement, given))


def migrate(given: Namespace) -> tuple[Session, MigrateOptions]:
    """`migrate`."""
    return session(given), MigrateOptions(
        request(given),
        expectations(given),
        same_names(Judgement, given),
        many(given),
        same_names(Changing, given),
        undo_on_failure=given.on_failure == "undo",
        saving=Saving(given.backup, given.with_secrets, given.dump, given.restore),
        gating=gating(given),
    )


def verify(given: Namespace) -> tuple[Session, VerifyOptions]:
    """`verify`."""
    return session(given), VerifyOptions(
        request=request(given),
        judgement=same_names(Judgement, given),
        many=many(given, given.jobs),
        monitoring=same_names(Monitoring, given),
        timeout=given.timeout,
        watch=given.watch,
        interval=given.interval,
    )


def script(given: Namespace) -> tuple[Session, ScriptOptions]:
    """`script`, whose output is the script alone."""
    return (
        Session(given.command, same_names(Connection, given), Output(quiet=True)),
        ScriptOptions(request(given), expectations(given), same_names(Judgement, given), gating(given)),
    )


def step(given: Namespace) -> tuple[Session, StepOptions]:
    """`step`."""
    return session(given), StepOptions(
        step=Step(given.name),
        check=given.check,
        request=request(given),
        expect=expectations(given),
        judgement=same_names(Judgement, given),
        changing=same_names(Changing, given),
    )


def undo(given: Namespace) -> tuple[Session, UndoOptions]:
    """`undo`."""
    return session(given), UndoOptions(
        run=given.run,
        dry_run=given.dry_run,
        force=given.force,
        to_default=given.to_default,
        redo=given.redo,
        configs=tuple(given.dc or ()),
        secret=secret(given),
        expect=expectations(given),
        changing=same_names(Changing, given),
    )


def history(given: Namespace) -> tuple[Session, HistoryOptions]:
    """`history`, which asks no cluster."""
    return (
        Session(given.command, output=output(given), report=given.report, ticket=given.ticket or ""),
        HistoryOptions(given.run, given.namespace),
    )


def backup(given: Namespace) -> tuple[Session, BackupOptions]:
    """`backup`."""
    return session(given), BackupOptions(Saving(given.directory, given.with_secrets, given.dump), expectations(given))


def export(given: Namespace) -> tuple[Session, ExportOptions]:
    """`export`."""
    return session(given), ExportOptions(given.file, expectations(given))


def manifest(given: Namespace) -> tuple[Session, ManifestOptions]:
    """`manifest`."""
    return Session(given.command, same_names(Connection, given)), same_names(ManifestOptions, given)


def help_(given: Namespace) -> tuple[Session, HelpOptions]:
    """`help`, made from the parser and the topics."""
    from . import help as pages

    return Session(given.command, output=same_names(Output, given)), HelpOptions(
        lambda: pages.page(given.topic, given.lang)
    )


def rehearse(given: Namespace) -> tuple[Session, RehearseOptions]:
    """`rehearse`."""
    return Session(given.command, output=same_names(Output, given)), RehearseOptions(
        given.dir, given.from_file, tuple(given.fault), given.speed, tuple(given.program), given.shell
    )


CONVERTERS: Mapping[str, Callable[[Namespace], tuple[Session, object]]] = {
    "plan": plan,
    "preflight": preflight,
    "migrate": migrate,
    "verify": verify,
    "script": script,
    "undo": undo,
    "history": history,
    "step": step,
    "backup": backup,
    "export": export,
    "manifest": manifest,
    "help": help_,
    "rehearse": rehearse,
}
