"""The commands: what each does, the options that its help shows first, and examples, which a test parses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """A command: what it does, its main options by name (at most ten), and examples."""

    summary: str
    main: tuple[str, ...]
    examples: tuple[str, ...]


def _about(summary: str, main: str, *examples: str) -> About:
    return About(summary, tuple(main.split()), tuple(f"threescale-migrate {words}" for words in examples))


# The main ones first, as help lists them.
MAIN = ("plan", "migrate", "verify", "undo", "history", "rehearse")
COMMANDS: Mapping[str, About] = {
    "plan": _about(
        "shows what migrate would do, changes nothing",
        "secret_file namespace dc skip resume_paused wave_plan inventory output verbose",
        "plan --secret-file 12345678-cluster-secret.yaml",
        "plan -n threescale -o json",
        "plan --wave-plan > order.txt",
    ),
    "migrate": _about(
        "carries out the six steps and verifies them",
        "secret_file namespace yes dc lose_data on_failure gate report timeout",
        "migrate --secret-file 12345678-cluster-secret.yaml",
        "migrate --yes --timeout 2h -o json",
        "migrate --all-at-once",
    ),
    "verify": _about(
        "checks the six steps, changes nothing",
        "namespace dc skip watch quiet output report strict inventory",
        "verify",
        "verify -q || mail -s 'gateway not migrated' ops",
        "verify -o nagios --timeout 50s",
        "verify --watch",
        "verify --inventory gateways.yml --jobs 8",
    ),
    "undo": _about(
        "undoes what a run changed",
        "run dry_run namespace yes dc force to_default timeout report",
        "undo --dry-run",
        "undo",
        "undo --yes --expect-project threescale",
        "undo --to-default",
    ),
    "history": _about(
        "lists the runs on this workstation, or shows one",
        "run namespace report output",
        "history",
        "history 20261124T0210",
        "history -o json",
    ),
    "rehearse": _about(
        "runs a program, or the whole migration, on a rehearsal cluster",
        "fault dir from_file shell speed program",
        "rehearse",
        "rehearse --fault image-pull=zync",
        "rehearse --dir r -- bash runbook.sh",
    ),
    "preflight": _about(
        "checks everything that migrate needs, changes nothing",
        "secret_file namespace dc skip expect_project force allow_unknown output quiet",
        "preflight --secret-file secret.yaml",
        "preflight -q --expect-project threescale",
    ),
    "step": _about(
        "carries out a single step of the guide",
        "step secret_file namespace check yes dc no_wait timeout report",
        "step registry-secret --secret-file secret.yaml",
        "step 5 --check",
    ),
    "script": _about(
        "prints the plan as a bash script that needs only oc",
        "secret_file namespace dc skip resume_paused all_at_once wave_plan expect_project",
        "script --secret-file secret.yaml > migrate.sh",
    ),
    "restore": _about(
        "restores data that a run has saved and not restored",
        "namespace yes dc expect_project timeout report",
        "restore",
        "restore --yes --expect-project threescale",
    ),
    "backup": _about(
        "saves the project as files for oc create -f",
        "directory namespace with_secrets",
        "backup before-2.6",
        "backup before-2.6 --with-secrets",
    ),
    "export": _about(
        "writes the project with all secrets masked, for support",
        "file namespace",
        "export project.json",
    ),
    "manifest": _about(
        "prints manifests that run verify in the cluster",
        "kind image namespace schedule permissions",
        "manifest cronjob -n threescale --image ops/migrate:1",
        "manifest containerfile > Containerfile",
    ),
    "completion": _about(
        "prints the completion for a shell",
        "shell_name",
        "completion bash > completion.bash",
        "completion zsh > ~/.zfunc/_threescale-migrate",
    ),
    "help": _about(
        "shows a topic, a command's help, or what a check's code means",
        "topic",
        "help",
        "help waves",
        "help verify",
        "help pods-run-as-amp",
    ),
}  # fmt: skip
