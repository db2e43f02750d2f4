"""Where argparse's Namespace ends: for each command its session and its options, as values.

It must not check, read or ask anything; what the parser accepted is converted, and no Namespace travels any further.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable, Mapping

from ..guide.prove_pull import ALL, IMAGE, NEXT_IMAGES
from ..session.options import (
    BackupOptions,
    Changing,
    Connection,
    Expectations,
    ExportOptions,
    Extent,
    Gating,
    HelpOptions,
    HistoryOptions,
    Judgement,
    ManifestOptions,
    ManOptions,
    Many,
    MigrateOptions,
    Monitoring,
    Order,
    Output,
    PlanOptions,
    PreflightOptions,
    RehearseOptions,
    RequestOptions,
    Saving,
    ScriptOptions,
    SecretSource,
    Selection,
    StepOptions,
    UndoOptions,
    VerifyOptions,
)
from ..session.session import Session
from ..values import Step
from .parser import PRINT_ORDER, build


def connection(given: Namespace) -> Connection:
    """The options about the cluster."""
    return Connection(
        namespace=given.namespace,
        context=given.context,
        kubeconfig=given.kubeconfig,
        request_timeout=given.request_timeout,
        call_timeout=given.call_timeout,
        oc=given.oc,
    )


def output(given: Namespace) -> Output:
    """The options about the output."""
    debug = given.verbose > 1 or os.environ.get("THREESCALE_MIGRATE_DEBUG", "") not in ("", "0")
    return Output(given.output, given.quiet, given.verbose > 0, given.lang, debug, given.color, given.plain)


def session(given: Namespace, report: str | None = None) -> Session:
    """The session of a command that asks the cluster."""
    arguments, words = given.again
    return Session(
        given.command, connection(given), output(given), report, getattr(given, "ticket", None) or "", words, arguments
    )


def selection(given: Namespace) -> Selection:
    """What is migrated."""
    return Selection(tuple(given.dc or ()), given.service_discovery, tuple(Step(name) for name in given.skip))


def secret(given: Namespace) -> SecretSource:
    """Where the registry secret comes from."""
    return SecretSource(given.secret_file, given.username, given.from_secret)


def extent(given: Namespace) -> Extent:
    """How much is done."""
    return Extent(given.copy_privileged, given.no_link_default, given.no_link_builder, given.resume_paused)


def order(given: Namespace) -> Order:
    """The order of the rollouts."""
    if given.wave_plan is PRINT_ORDER:
        return Order(given.all_at_once, print_order=True)
    return Order(given.all_at_once, given.wave_plan)


def request(given: Namespace) -> RequestOptions:
    """The request of a command that plans a whole migration: one image is asked for unless something else is said."""
    images = images_to_prove(given) or (() if given.no_prove_pull else (IMAGE,))
    return RequestOptions(
        selection(given),
        secret(given),
        given.replace_secret,
        images,
        given.prove_pull is None,
        extent(given),
        order(given),
    )


def images_to_prove(given: Namespace) -> tuple[str, ...]:
    """The images that somebody wants to be asked for."""
    if given.prove_pull == ALL:
        return NEXT_IMAGES
    return () if given.prove_pull is None else (given.prove_pull,)


def expectations(given: Namespace) -> Expectations:
    """Where the user expects to be."""
    return Expectations(given.expect_project, given.expect_server)


def preflight_judgement(given: Namespace) -> Judgement:
    """How a preflight's findings are judged."""
    return Judgement(force=given.force, allow_unknown=given.allow_unknown)


def check_judgement(given: Namespace) -> Judgement:
    """How checks are judged."""
    return Judgement(strict=given.strict, allow_unknown=given.allow_unknown)


def changing(given: Namespace) -> Changing:
    """How changes are made."""
    return Changing(given.yes, given.timeout, given.grace)


def gating(given: Namespace) -> Gating:
    """What stands between two waves."""
    return Gating(given.gate, given.gate_timeout, given.pause)


def many(given: Namespace, jobs: int = 1) -> Many:
    """Which projects."""
    return Many(tuple(given.projects or ()), given.all_contexts, given.inventory, jobs)


def plan(given: Namespace) -> tuple[Session, PlanOptions]:
    """`plan`."""
    return session(given), PlanOptions(
        request(given), expectations(given), preflight_judgement(given), many(given, given.jobs)
    )


def preflight(given: Namespace) -> tuple[Session, PreflightOptions]:
    """`preflight`."""
    return session(given), PreflightOptions(request(given), expectations(given), preflight_judgement(given))


def migrate(given: Namespace) -> tuple[Session, MigrateOptions]:
    """`migrate`."""
    return session(given, given.report), MigrateOptions(
        request(given),
        expectations(given),
        preflight_judgement(given),
        many(given),
        changing(given),
        undo_on_failure=given.on_failure == "undo",
        saving=Saving(given.backup, given.with_secrets, given.dump, given.restore),
        gating=gating(given),
    )


def verify(given: Namespace) -> tuple[Session, VerifyOptions]:
    """`verify`."""
    return session(given, given.report), VerifyOptions(
        request=RequestOptions(selection(given), secret(given), prove_pull=images_to_prove(given)),
        judgement=check_judgement(given),
        many=many(given, given.jobs),
        monitoring=Monitoring(given.metrics_file, given.changed_since_last),
        timeout=given.timeout,
        watch=given.watch,
        interval=given.interval,
    )


def script(given: Namespace) -> tuple[Session, ScriptOptions]:
    """`script`, whose output is the script alone."""
    wanted = RequestOptions(
        selection(given), secret(given), given.replace_secret, extent=extent(given), order=order(given)
    )
    return (
        Session(given.command, connection(given), Output(quiet=True)),
        ScriptOptions(wanted, expectations(given), preflight_judgement(given), gating(given)),
    )


def step(given: Namespace) -> tuple[Session, StepOptions]:
    """`step`."""
    return session(given, given.report), StepOptions(
        step=Step(given.name),
        check=given.check,
        request=RequestOptions(
            selection(given), secret(given), given.replace_secret, images_to_prove(given), extent=extent(given)
        ),
        expect=expectations(given),
        judgement=check_judgement(given),
        changing=changing(given),
    )


def undo(given: Namespace) -> tuple[Session, UndoOptions]:
    """`undo`."""
    return session(given, given.report), UndoOptions(
        run=given.run,
        dry_run=given.dry_run,
        force=given.force,
        to_default=given.to_default,
        redo=given.redo,
        configs=tuple(given.dc or ()),
        secret=secret(given),
        expect=expectations(given),
        changing=changing(given),
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
    return Session(given.command, connection(given)), ManifestOptions(
        given.kind, given.image, given.schedule, given.permissions
    )


def help_(given: Namespace) -> tuple[Session, HelpOptions]:
    """`help`, made from the parser and the topics."""
    from . import help as pages

    return Session(given.command, output=Output(lang=given.lang, color=given.color, plain=given.plain)), HelpOptions(
        lambda: pages.page(given.topic, given.lang)
    )


def man(given: Namespace) -> tuple[Session, ManOptions]:
    """`man`, made from the parser."""
    from .. import __version__
    from . import manual

    return Session(given.command), ManOptions(lambda: manual.page(build(), __version__))


def rehearse(given: Namespace) -> tuple[Session, RehearseOptions]:
    """`rehearse`."""
    return Session(
        given.command, output=Output(lang=given.lang, color=given.color, plain=given.plain)
    ), RehearseOptions(given.dir, given.from_file, tuple(given.fault), given.speed, tuple(given.program), given.shell)


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
    "man": man,
    "rehearse": rehearse,
}
