"""What clients log, and what wrappers and login scripts print, on stderr beside the answer: no verdict depends on it (fact 11)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import World, make_world
from tests.support.front import Front
from tests.support.in_process import Ending, Really

# By whom it is printed. Each holds words that a failure is known by.
NOISE = {
    "klog, an error": "E1130 10:00:01.123456    4242 memcache.go:287] couldn't get resource list for metrics.k8s.io/v1beta1:"
    " the server is currently unable to handle the request",
    "klog, throttling": "I1122 11:45:52.315112 1772227 request.go:665] Waited for 1.17392018s due to client-side throttling, not"
    " priority and fairness, request: GET:https://api.example.test:6443/apis/apps.openshift.io/v1?timeout=32s",
    "klog, what ended it": 'F1130 10:00:01.123456 1 cached_discovery.go:78] "Unhandled Error" err="x509: certificate has expired"',
    "a banner": "*** production cluster, be careful: unauthorized use is forbidden: is forbidden: ***",
    "a coloured banner": "\x1b[1;31m== (Forbidden) PRODUCTION == connection refused\x1b[0m",
    "a wrapper": "oc-wrapper: using proxy http://proxy.example.test:3128 (Client.Timeout 30s), token not found",
    "Go's own logger": "2026/11/30 10:00:00 http: TLS handshake timeout, will retry (NotFound)",
    "logrus": 'time="2026-11-30T10:00:00Z" level=warning msg="error loading config file: unexpected EOF"',
    "JSON": '{"level":"warn","msg":"secrets is forbidden: User cannot","ts":1764496800}',
    "a plugin": "Flag --short has been deprecated: error: You must be logged in to the server (Unauthorized)",
    "a warning": "Warning: policy/v1beta1 is deprecated: etcdserver: leader changed",
}


def behind(world: World, *lines: str) -> Front:
    """Each call has the lines on its stderr, before and after what it says itself."""
    said = "".join(f"{line}\n" for line in lines)

    def answer(args: Sequence[str], really: Really) -> Ending:
        code, out, err = really(args)
        return code, out, said + err + ("\n" if err and not err.endswith("\n") else "") + said

    return Front(world).instead("", answer, nth=None)


def test_no_verdict_depends_on_what_is_no_answer(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    # A user who may not read everything: partial answers are told apart by their lines (fact 16).
    world.faults("forbidden=list:rolebindings", "forbidden=list:limitranges")
    for command in (("verify",), ("preflight", "--secret-file", world.secret)):
        quiet = world.run(*command)
        front = behind(world, *NOISE.values())
        noisy = world.run(*command)
        front.remove()
        assert (noisy.code, noisy.out) == (quiet.code, quiet.out)


@pytest.mark.parametrize("name", NOISE)
def test_a_call_that_fails_with_nothing_but_noise_has_failed_for_an_unknown_reason(world: World, name: str) -> None:
    Front(world).instead("get", (1, "", NOISE[name] + "\n"), nth=None)
    done = world.run("verify", "--timeout", "3")
    assert done.code in (6, 7), done.all
    assert "ask " not in done.err
    assert "oc login" not in done.err


def test_what_is_set_aside_is_shown_on_request(world: World) -> None:
    behind(world, NOISE["klog, throttling"])
    assert "throttling" not in world.run("verify").all
    assert "oc: set aside: I1122 11:45:52.315112" in world.run("verify", "-vv").err
