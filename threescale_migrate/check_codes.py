"""The stable names of everything that is checked: one closed table, which machine formats show and the help explains.

A code says what holds where the check has passed. It is never renamed, and never means something else.
"""

from __future__ import annotations

from enum import Enum


class Code(str, Enum):
    """A code with its meaning in one sentence."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> Code:
        """A string that carries its meaning."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    # Before the first change: preflight.
    OC_FOUND = "oc-found", "there is a client oc, and it reports its version"
    SERVER_EXPECTED = "server-expected", "oc is logged in to the server that was expected"
    PROJECT_EXPECTED = "project-expected", "the project is the one that was expected"
    RELEASE_SUPPORTED = "release-supported", "the images are those of the 3scale release that this procedure is for"
    PROJECT_NOT_OPERATED = "project-not-operated", "the configs belong to no operator, which would revert them"
    LEFTOVERS_ABSENT = "leftovers-absent", "nothing is left over from an older release"
    OBJECTS_READABLE = "objects-readable", "the user can read what the migration has to check"
    RIGHTS_SUFFICIENT = "rights-sufficient", "the user has each right that the plan needs"
    STEP_PLANNED = "step-planned", "the step can be planned with what was given"
    CONFIG_HEALTHY = "config-healthy", "the config is healthy before it is changed"
    PULL_SECRETS_REACH_PODS = "pull-secrets-reach-pods", "the pods of the config get the pull secrets of their account"
    ADMISSION_ALLOWS = "admission-allows", "no policy of the cluster refuses configs that run as amp"
    DATA_SAVABLE = "data-savable", "data that a redeployment would empty can be saved, or may be lost"
    IMAGE_IMPORTED = "image-imported", "the image stream that the config follows has its image"
    IMAGE_PULLABLE = "image-pullable", "the cluster can pull today's images again"
    QUOTA_SUFFICIENT = "quota-sufficient", "quotas and limit ranges leave room for the redeployment"
    # Step 1.
    REGISTRY_SECRET_USABLE = "registry-secret-usable", "the registry secret is there, with a login that is usable"
    REGISTRY_SECRET_AS_GIVEN = "registry-secret-as-given", "the registry secret is the one that was given"
    REGISTRY_TOKEN_LASTS = "registry-token-lasts", "the registry token does not expire soon"
    REGISTRY_ACCEPTS_TOKEN = "registry-accepts-token", "the registry accepts the token"
    # Step 2.
    ACCOUNT_PRESENT = "account-present", "the service account amp is there"
    PULL_SECRET_LINKED = "pull-secret-linked", "the pull secret is linked to the service account amp"
    PULL_SECRETS_PARSED = "pull-secrets-parsed", "nodes can parse each pull secret of amp and default"
    HOOKS_HAVE_LOGIN = "hooks-have-login", "the pull secret is linked to default, whose account hook pods run as"
    BUILDS_HAVE_LOGIN = "builds-have-login", "the pull secret is linked to builder, where builds use images of 3scale"
    ZYNC_QUE_HAS_LOGIN = "zync-que-has-login", "the pull secret is linked to the account of zync-que, which 2.6 brings"
    # Step 3.
    PERMISSIONS_READABLE = "permissions-readable", "what default has been granted can be read"
    PERMISSIONS_EQUAL = "permissions-equal", "amp has the permissions that default has"
    PERMISSIONS_NOT_WIDER = "permissions-not-wider", "amp has no permissions that default does not have"
    GRANTED_ROLE_EXISTS = "granted-role-exists", "the role that default is bound to exists"
    SERVICE_DISCOVERY_VIEW = "service-discovery-view", "whether service discovery is used, which needs the role view"
    SECRETS_LINKED = "secrets-linked", "the other secrets that are linked to default are linked to amp too"
    LINKED_SECRET_EXISTS = "linked-secret-exists", "the secret that is linked to default exists"
    # Step 4.
    CONFIGS_PRESENT = "configs-present", "the project has DeploymentConfigs of 3scale, and they can be read"
    CONFIGS_ALL_CHOSEN = "configs-all-chosen", "no DeploymentConfig of 3scale was left out with --dc"
    CONFIG_ABSENT = "config-absent", "a config of the guide is not in this project, so that it needs nothing"
    CONFIG_HAS_OWN_ACCOUNT = "config-has-own-account", "the config has its own account and is left alone"
    CONFIG_FOREIGN = "config-foreign", "the config is not 3scale's and is left alone"
    TEMPLATE_NAMES_AMP = "template-names-amp", "the pod template of the config names the service account amp"
    DATA_RESTORED = "data-restored", "data that a redeployment has emptied is restored, each row of it"
    # Steps 5 and 6.
    ROLLOUT_COMPLETE = "rollout-complete", "the newest rollout of the config succeeded"
    PODS_RUN_AS_AMP = "pods-run-as-amp", "the config's own pods run as amp, with the pull secret, and are ready"
    NEXT_PODS_RUN_AS_AMP = "next-pods-run-as-amp", "the config has no pods now, and its next ones will run as amp"
    # Of several commands.
    STEP_CHECKED = "step-checked", "the step was not left out with --skip"
    CONFIG_AS_BEFORE = "config-as-before", "undo: the config and its pods are as they were before the run"
    RUNS_UNDONE = "runs-undone", "undo: no other run is in effect"
    OBJECT_AS_BEFORE = "object-as-before", "undo: the secret, account or role is as it was before the run"
