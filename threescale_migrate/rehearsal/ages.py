"""What older clients do differently: one table, with the source of each line.

A client is named by `old-client=AGE` or, in its process, by the words of OC_REHEARSAL_CLIENT; without either it is that of April
2026. With 3.11 the server is 3.11, too. This module only knows names: what a trait does is in the module that does it.
"""

from __future__ import annotations

import os

AGES = ("4.16", "4.6", "4.2", "3.11")
# A client of no real version: its `adm policy` makes each change despite `--dry-run`.
IGNORES_DRY_RUN = "ignores-dry-run"

# Each trait: which clients have it, and the source. Recordings are scenarios in fixtures/; the rest are files of
# openshift/oc (release-4.6, release-4.16) and openshift/origin (release-3.11), with what is vendored there.
TRAITS: dict[str, tuple[tuple[str, ...], str]] = {
    "policy dry-run=server changes": (
        ("4.16", "4.6"),
        "old-clients; oc pkg/cli/admin/policy/modify_roles.go: AddRole stops for DryRunClient only",
    ),
    "policy ignores dry-run": ((IGNORES_DRY_RUN,), "a client worse than those recorded, for tests"),
    "warnings are log lines": (("4.6",), "documented-procedure-oc-4.6"),
    "delete knows no raw": (
        ("4.2", "3.11"),
        "openshift/oc release-4.2 has no such flag, release-4.3 has: vendor/k8s.io/kubectl/pkg/cmd/delete/delete.go",
    ),
    "no warnings": (("4.2", "3.11"), "client-go of Kubernetes 1.11 reads no Warning header, which came with 1.19"),
    "prints no kustomize version": (("4.6", "4.2", "3.11"), "documented-procedure-oc-4.6; origin pkg/oc/cli/version"),
    "status asks three times": (("4.6", "4.2", "3.11"), "documented-procedure-oc-4.6"),
    "an invalid request is not explained": (
        ("4.6", "4.2", "3.11"),
        "preconditions; oc vendor/k8s.io/kubectl/pkg/cmd/util/helpers.go: checkErr adds the server's message later",
    ),
    "dry-run is a switch": (
        ("4.2", "3.11"),
        "old-clients-4.2; origin vendor/k8s.io/kubernetes/pkg/kubectl/cmd/util/helpers.go: AddDryRunFlag adds a Bool",
    ),
    "patch without change fails": (
        ("3.11",),
        "fact 20; origin vendor/k8s.io/kubernetes/pkg/kubectl/cmd/patch.go: `not patched`",
    ),
    "SCC users stand in the object": (
        ("3.11",),
        "origin pkg/oc/cli/admin/policy/modify_scc.go: AddSCC appends to scc.Users and updates the SCC",
    ),
    "policy prints sentences": (("3.11",), "origin pkg/oc/cli/admin/policy/modify_roles.go: printSuccessForCommand"),
    "can-i no ends with 0": (
        ("3.11",),
        "origin vendor/k8s.io/kubernetes/pkg/kubectl/cmd/auth/cani.go: exits 1 with --quiet only, and prints the reason",
    ),
    "can-i warns of a scope in one line": (("4.6",), "in-the-name-of-an-account"),
    "can-i does not ask for the scope of a type": (("4.2", "3.11"), "in-the-name-of-an-account"),
    "can-i --list repeats verbs": (("4.2",), "in-the-name-of-an-account: the rules are not compacted"),
    "a failed import ends with 0": (("4.6", "4.2", "3.11"), "fact 35; registry"),
    "image info wants a tag": (("4.2", "3.11"), "fact 40; registry"),
    "image info names no image": (("4.2", "3.11"), "registry"),
    "image info does not quote the registry": (("4.6",), "registry"),
    "image info prints the size of a layer first": (("4.6", "4.2", "3.11"), "registry"),
    "can-i knows no list": (("3.11",), "origin vendor/k8s.io/kubernetes/pkg/kubectl/cmd/auth/cani.go: no such flag"),
    "flag errors print the usage": (
        ("4.2", "3.11"),
        "old-clients-4.2; origin: cobra of 2018 prints `Error: ` and the usage",
    ),
    "batch/v1beta1": (("3.11",), "fact 24; Kubernetes 1.21 brought CronJobs to batch/v1"),
    "tables of 1.11": (
        ("3.11",),
        "origin pkg/oc/cli/util/describe/printer.go: imageStreamColumns; vendored printers.go: bindings show their age alone",
    ),
    "version in lines": (("3.11",), "origin pkg/oc/cli/version/version.go: `oc v3.11…`, and no -o"),
}


def has(trait: str) -> bool:
    """Whether the simulated client has a trait of the table. Raises KeyError for an unknown trait."""
    owners = TRAITS[trait][0]
    return any(word in owners for word in (os.environ.get("OC_REHEARSAL_CLIENT") or "").split())
