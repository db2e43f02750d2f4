"""The examples below each command's help, which a test parses. It must not say what an option means."""

from __future__ import annotations

EXAMPLES = {
    "plan": """examples:
  threescale-migrate plan --secret-file 12345678-cluster-secret.yaml
  threescale-migrate plan -n threescale -o json
  threescale-migrate plan --wave-plan > order.txt""",
    "preflight": """examples:
  threescale-migrate preflight --secret-file secret.yaml
  threescale-migrate preflight -q --expect-project threescale""",
    "migrate": """examples:
  threescale-migrate migrate --secret-file 12345678-cluster-secret.yaml
  threescale-migrate migrate --yes --timeout 2h -o json
  threescale-migrate migrate --all-at-once""",
    "verify": """examples:
  threescale-migrate verify
  threescale-migrate verify -q || mail -s 'gateway not migrated' ops
  threescale-migrate verify -o nagios --timeout 50s
  threescale-migrate verify --watch
  threescale-migrate verify --inventory gateways.yml --jobs 8""",
    "manifest": """examples:
  threescale-migrate manifest cronjob -n threescale --image ops/migrate:1
  threescale-migrate manifest containerfile > Containerfile""",
    "backup": """examples:
  threescale-migrate backup before-2.6
  threescale-migrate backup before-2.6 --with-secrets
  oc create -f before-2.6""",
    "export": """examples:
  threescale-migrate export project.json
  threescale-migrate rehearse --from project.json""",
    "step": """examples:
  threescale-migrate step registry-secret --secret-file secret.yaml
  threescale-migrate step readiness --check""",
    "script": """examples:
  threescale-migrate script --secret-file secret.yaml > migrate.sh""",
    "undo": """examples:
  threescale-migrate undo --dry-run
  threescale-migrate undo
  threescale-migrate undo --yes --expect-project threescale
  threescale-migrate undo --to-default""",
    "history": """examples:
  threescale-migrate history
  threescale-migrate history 20261124T0210
  threescale-migrate history -o json""",
    "completion": """examples:
  source <(threescale-migrate completion bash)
  threescale-migrate completion zsh > ~/.zfunc/_threescale-migrate""",
    "help": """examples:
  threescale-migrate help
  threescale-migrate help order
  threescale-migrate help verify
  threescale-migrate help pods-run-as-amp""",
    "rehearse": """examples:
  threescale-migrate rehearse
  threescale-migrate rehearse --fault image-pull=zync
  threescale-migrate rehearse --dir r -- bash runbook.sh""",
}
