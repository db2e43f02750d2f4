#!/usr/bin/env bash
# THIS CHANGES PRODUCTION: it redeploys {count} of project {project}
# on {server}, section 2.2 of the guide for 3scale 2.5 to 2.6.
# Printed by threescale-migrate {version} on {date}. It needs bash 4 and oc, and holds no secret.
# It asks once before its first change; "bash SCRIPT -y" does not. Run again, it continues where it stopped.
# It waits for each wave by "oc rollout status", and the pods have the last word. It does not know why a rollout fails, nor whether a
# failure passes by itself. Commands that undo it are at its end.
# Exit codes: 0 migrated, and the pods prove it; 1 a command failed, or the pods do not prove it; 2 wrong usage; 4 refused, nothing was
# changed; 5 a rollout failed; 6 a deadline passed; 7 oc gave no usable answer; 130, 143 interrupted.
{notes}set -euo pipefail
((BASH_VERSINFO[0] >= 4)) || {{ echo "bash 4 or later is needed" >&2 && exit 2; }}

project={quoted_project} uid={uid} server={quoted_server}
options=({options})
{secret_file}poll=${{POLL:-3}} limit=90 refused=4
declare -A revision_before=()

say() {{ printf '%s\n' "$*" >&2; }}
stop() {{ say "${{0##*/}}: ${{*:2}}" && exit "$1"; }}
trap 'stop 130 "interrupted: what was done stays; run it again to continue"' INT
trap 'stop 143 "terminated: what was done stays; run it again to continue"' TERM

# Every call of oc ends within $limit seconds, and goes to the place that the plan was made for.
bounded() {{ if command -v timeout >/dev/null; then timeout --foreground "$limit" "$@"; else "$@"; fi; }}
anywhere() {{ bounded "${{OC:-oc}}" "${{options[@]}}" "$@"; }}
oc() {{ anywhere --namespace="$project" "$@"; }}

# ask PATTERN COMMAND…: what it answers, in $answer. It is data: compared and counted, never evaluated, and of this form or of no use.
ask() {{
  local attempt pattern=^$1$
  for attempt in 1 2 3 4 5 6; do
    if {{ answer=$("${{@:2}}" 2>/dev/null) || [[ -n $answer ]]; }} && [[ $answer =~ $pattern ]]; then return; fi
    ((attempt == 6)) || sleep "$poll"
  done
  stop 7 "no usable answer to: ${{*:2}}"
}}

# run COMMAND…: a change, shown before it is made, and tried again.
run() {{
  local attempt
  say "+$(printf ' %q' "$@")" && refused=1
  for attempt in 1 2 3 4 5 6; do
    if "$@" 2>&1 | LC_ALL=C tr -cd '[:print:]\n' | sed 's/^/# /' >&2; then return; fi
    ((attempt == 6)) || sleep "$poll"
  done
  stop 1 "it failed; run this script again to continue"
}}

there() {{ ask '.*' oc get "$@" --ignore-not-found -o name && [[ -n $answer ]]; }}
may() {{ ask '(yes|no.*)' oc auth can-i "$@" && [[ $answer == yes ]] || stop 4 "no permission to $1 $2; nothing was changed"; }}
has_login() {{ ask '[a-z0-9. -]*' oc get sa "$1" -o 'jsonpath={{.imagePullSecrets[*].name}}' && [[ " $answer " == *" $2"* ]]; }}

# right_place: oc still leads where the plan was made; asked before the first change and before each wave.
right_place() {{
  ask 'https?://[][A-Za-z0-9.:_%/-]+' oc whoami --show-server
  [[ $(same_form "$answer") == "$(same_form "$server")" ]] || stop "$refused" "oc is logged in to $answer, but this script is for $server"
  [[ -z $uid ]] && return
  ask '[0-9a-f-]{{36}}' own_uid
  [[ $answer == "$uid" ]] || stop "$refused" "project $project is not the one that the plan was made for: its uid is $answer"
}}
same_form() {{ tr '[:upper:]' '[:lower:]' <<<"$1" | sed -e 's|/*$||' -e 's|^\(https://[^/]*\):443|\1|' -e 's|^\(http://[^/]*\):80|\1|'; }}
own_uid() {{ oc get namespace "$project" -o 'jsonpath={{.metadata.uid}}' || oc get project "$project" -o 'jsonpath={{.metadata.uid}}'; }}

# The registry secret goes from its file through a pipe to the cluster: it is never an argument, and never shown.
renamed() {{ anywhere patch --local -f - --type=json --patch='[{{"op":"replace","path":"/metadata","value":{{"name":"'"$1"'"}}}}]' -o "$2"; }}
given() {{ {given} | renamed {secret} "$1"; }}
is_given() {{ [[ "$(oc get secret {secret} -o "$content")" == "$(given "$content")" ]]; }}
content='jsonpath={{.type}} {{.data}}'
place_given() {{ given json | oc "$1" -f -; }}
given json >/dev/null || stop 2 "the registry secret cannot be read: SECRET_FILE=FILE bash ${{0##*/}}"

# newest CONFIG: its newest revision, in $answer; phase CONFIG: how far that one is.
newest() {{ ask '[0-9]{{0,9}}' oc get dc "$1" -o 'jsonpath={{.status.latestVersion}}'; }}
phase() {{
  newest "$1"
  ask '[A-Za-z]{{0,20}}' oc get rc "$1-$answer" --ignore-not-found -o 'jsonpath={{.metadata.annotations.openshift\.io/deployment\.phase}}'
}}

# due CONFIG: whether its template does not name amp yet. Of one that does, a revision that has failed is deployed again.
due() {{
  newest "$1" && revision_before[$1]=$answer
  ask '[a-z0-9.-]*' oc get dc "$1" -o 'jsonpath={{.spec.template.spec.serviceAccountName}}'
  [[ $answer != {account} ]] && return
  phase "$1" && if [[ $answer == Failed ]]; then run oc rollout latest "dc/$1"; else revision_before[$1]=; fi
  return 1
}}

# proved CONFIG: whether as many pods as it wants, all of its newest revision, run as amp, carry the pull secret and are Ready; no other lives.
proved() {{
  local wanted row own count=0
  ask '[0-9]{{1,6}} [0-9]{{1,9}}' oc get dc "$1" -o 'jsonpath={{.spec.replicas}} {{.status.latestVersion}}'
  wanted=${{answer% *}} own="^\|{account}\|$1-${{answer#* }}\|True\|([a-z0-9.-]+,)*{secret},([a-z0-9.-]+,)*$"
  ask '[A-Za-z0-9|:.,[:space:]-]*' oc get pods --selector="deploymentconfig=$1" --field-selector='status.phase!=Succeeded,status.phase!=Failed' -o 'jsonpath={{range .items[*]}}{{.metadata.deletionTimestamp}}|{{.spec.serviceAccountName}}|{{.metadata.labels.deployment}}|{{.status.conditions[?(@.type=="Ready")].status}}|{{range .spec.imagePullSecrets[*]}}{{.name}},{{end}}{{"\n"}}{{end}}'
  while IFS= read -r row; do
    [[ -z $row || $row =~ ^[0-9TZ:-]+\| ]] && continue # none, or on its way out
    [[ $row =~ $own ]] || return 1
    count=$((count + 1))
  done <<<"$answer"
  [[ $count == "$wanted" ]]
}}

# await CONFIG=SECONDS…: until the rollout of each has ended and its pods prove it.
await() {{
  local pair config end began=$SECONDS
  for pair in "$@"; do
    config=${{pair%=*}} end=$((began + ${{pair#*=}}))
    until ask '[0-9]{{1,18}} [0-9]{{1,18}}' oc get dc "$config" -o 'jsonpath={{.metadata.generation}} {{.status.observedGeneration}}' &&
      [[ ${{answer% *}} == "${{answer#* }}" ]] && limit=15 oc rollout status "dc/$config" >/dev/null 2>&1 && proved "$config"; do
      newest "$config"
      if [[ $answer != "${{revision_before[$config]:-}}" ]] && phase "$config" && [[ $answer == Failed ]]; then
        stop 5 "dc/$config: its rollout failed; see: oc describe dc/$config"
      fi
      ((SECONDS < end)) || stop 6 "dc/$config: not ready within ${{pair#*=}} s; run this script again to continue"
      sleep "$poll"
    done
    say "✓ dc/$config: its pods run as {account}"
  done
}}

right_place
{rights}if [[ ${{1:-}} != -y ]]; then
  [[ -t 0 ]] || stop 2 "there is no terminal to confirm on: add -y; nothing was changed"
  read -r -p {losses}"This changes project $project. Type its name to continue: " word
  [[ $word == "$project" ]] || stop 4 "not confirmed; nothing was changed"
fi
