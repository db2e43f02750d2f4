# Shows a line. What the cluster says cannot act on a terminal: escape codes and marks of the reading direction are replaced.
say() {
  local text="$*" mark
  text=${text//[[:cntrl:]]/?}
  for mark in $'\u200e' $'\u200f' $'\u2028' $'\u2029' $'\u202a' $'\u202b' $'\u202c' $'\u202d' $'\u202e' $'\u2066' $'\u2067' $'\u2068' $'\u2069' $'\ufeff'; do
    text=${text//"$mark"/?}
  done
  printf '%s\n' "$text" >&2
}

# typed COMMAND…: the command as it could be typed.
typed() { printf ' %q' "$@"; }

stop() { # CODE WORDS…
  local code=$1
  shift
  say "${0##*/}: $*"
  exit "$code"
}

# Every call of oc: in the pinned project, and with a time limit.
oc() { command "${OC:-oc}" "${pinned[@]}" "$@"; }

# What oc said last on stderr, as one line without its warnings.
said() {
  local line first=
  while IFS= read -r line; do
    case $line in '' | Warning:* | [WE][0-9]* | DEPRECATED:* | 'Flag --'*) continue ;; esac
    first=${first:-$line}
  done <"$scratch/said"
  printf '%s' "${first:-it failed without a message}"
}

# try COMMAND…: up to six times, while it fails for a reason that passes by itself.
try() {
  local attempt
  for attempt in 1 2 3 4 5 6; do
    if "$@" 2>"$scratch/said"; then return 0; fi
    [[ $(<"$scratch/said") =~ $passing ]] || return 1
    [[ $attempt == 6 ]] || pause
  done
  return 1
}

# The pause between two rounds; a signal ends it at once.
pause() {
  sleep "$poll" >/dev/null 2>&1 &
  nap=$!
  wait "$nap" || true
  nap=
}

# broken WORDS…: the end after a call that failed for good.
broken() {
  local code=1
  [[ $(<"$scratch/said") =~ $away ]] && code=7
  stop "$code" "$*: $(said)"
}

# What a change printed: it contains the cluster's names, and is a comment to a shell that it is pasted into.
printed() { [[ ! -s $scratch/printed ]] || say "# $(<"$scratch/printed")"; }

# run COMMAND…: a change. The interrupt key does not cut it in half; the script ends after it.
run() {
  say "+$(typed "$@")"
  try whole "$@" >"$scratch/printed" || [[ $(said) == *'already in progress'* ]] || broken "$(typed "$@")"
  printed
}

whole() { (trap '' INT && "$@"); }

# feed TEXT COMMAND…: a change that reads TEXT.
feed() {
  local text=$1
  shift
  say "+$(typed "$@") <<<$(typed "$text")"
  try whole fed "$text" "$@" >"$scratch/printed" || broken "$(typed "$@")"
  printed
}

fed() {
  local text=$1
  shift
  printf '%s\n' "$text" | "$@"
}

# fetch COMMAND…: what it prints, in $answer.
fetch() { answer=$(try "$@") || broken "$(typed "$@")"; }

there() { # TYPE NAME…
  fetch oc get "$@" --ignore-not-found -o name
  [[ -n $answer ]]
}

# may VERB TYPE: stops where the user has no permission.
may() {
  if answer=$(try oc auth can-i "$@"); then return 0; fi
  [[ $answer == no* ]] || broken "oc auth can-i $*"
  stop 4 "you have no permission to $1 $2 in project $project; nothing was changed"
}

# same_form URL: a server in the form by which two are compared: no capitals, no final slash, no port that its scheme has anyway.
same_form() {
  tr '[:upper:]' '[:lower:]' <<< "$1" | sed -e 's|/*$||' -e 's|^\(https://[^/]*\):443|\1|' -e 's|^\(http://[^/]*\):80|\1|'
}

# Refuses to work anywhere but where the plan was made.
right_place() {
  command -v "${OC:-oc}" >/dev/null || stop 7 "there is no ${OC:-oc} on PATH"
  fetch oc whoami --show-server
  [[ $(same_form "$answer") == "$(same_form "$server")" ]] || stop 4 "oc is logged in to $answer, but this script is for $server: run oc login $server"
  observe || broken 'oc get dc,rc,pods'
  for name in "$@"; do
    [[ -n ${config[$name]:-} ]] || stop 4 "there is no DeploymentConfig $name in project $project; print the script again"
  done
}

# The registry secret is read by oc and goes from there to the cluster through a pipe: it is never an argument, and never shown.
# renamed FILE NAME FORM: the secret of a file (-: standard input) under another name.
renamed() {
  oc_for_files patch --local -f "$1" --type=json \
    --patch='[{"op":"replace","path":"/metadata","value":{"name":"'"$2"'"}}]' -o "$3"
}

# Without the project: oc refuses a file that names another one, and this one's name is replaced.
oc_for_files() { command "${OC:-oc}" "${login[@]}" "$@"; }

secret_data() { oc get secret "$1" -o 'jsonpath={.type} {.data}'; }

# given FORM: the secret that the project is to get, under its new name.
given() {
  if [[ -n $from_secret ]]; then
    oc get secret "$from_secret" -o json | renamed - "$secret" "$1"
  else
    renamed "$secret_file" "$secret" "$1"
  fi
}

# Whether the project's secret and the given one hold the same.
same_secret() {
  local there given
  readable
  there=$(try secret_data "$secret") || broken "oc get secret $secret"
  given=$(try given 'jsonpath={.type} {.data}') || unusable
  [[ $there == "$given" ]]
}

readable() { [[ -n $from_secret || -r $secret_file ]] || stop 2 "$secret_file cannot be read: give the file of the registry secret: SECRET_FILE=FILE bash ${0##*/}"; }

# oc quotes what it cannot read, which may be a secret: it is not repeated here.
unusable() {
  [[ -n $from_secret || $(<"$scratch/said") =~ $away ]] && broken "oc patch --local -f ${from_secret:-$secret_file}"
  stop 2 "$secret_file is not a secret that oc can read; download the OpenShift Secret of a registry service account again"
}

# place_secret create|replace: the given secret into the project.
place_secret() {
  readable
  say "+ oc patch --local -f ${from_secret:-$secret_file} --type=json --patch=RENAME -o json | oc $1 -f -"
  try given json >/dev/null || unusable
  try whole placed "$1" >&2 && return
  cp "$scratch/said" "$scratch/first"
  # The change may have taken effect although its answer was lost.
  if there secret "$secret" && same_secret; then return; fi
  cp "$scratch/first" "$scratch/said"
  broken "oc $1 -f -"
}

placed() { given json | oc "$1" -f -; }

# keep_secret NAME: a copy of the project's secret under another name.
keep_secret() {
  say "+ oc get secret $secret -o json | oc patch --local -f - --type=json --patch=RENAME -o json | oc create -f -"
  try whole kept "$1" >&2 || there secret "$1" || broken 'oc create -f -'
}

kept() { oc get secret "$secret" -o json | renamed - "$1" json | oc create -f -; }

usable_secret() {
  fetch oc get secret "$secret" -o 'jsonpath={.type}'
  case $answer in
    kubernetes.io/dockerconfigjson | kubernetes.io/dockercfg) say "✓ secret/$secret is in the project" ;;
    *) stop 1 "secret/$secret is of type $answer, which no pod can pull with" ;;
  esac
}

# linked ACCOUNT: whether it has the pull secret.
linked() {
  fetch oc get sa "$1" -o 'jsonpath={.imagePullSecrets[*].name}'
  [[ " $answer " == *" $secret "* ]]
}

# own_login: waits for the login that the cluster itself links to a new account, where it gives default one: pods that are created
# earlier do not have it.
own_login() {
  local began=$SECONDS
  fetch oc get sa default -o 'jsonpath={.imagePullSecrets[*].name}'
  [[ " $answer " == *' default-dockercfg-'* ]] || return 0
  while ((SECONDS - began < 30)); do
    fetch oc get sa "$account" -o 'jsonpath={.imagePullSecrets[*].name}'
    [[ " $answer " == *" $account-dockercfg-"* ]] && return 0
    pause
  done
  say "the cluster gave $account no login for its own registry within 30 s; continuing"
}

# Observes all configs, revisions and pods once. A revision's phase counts, and the pods are the proof: the status of a config
# lags, and still describes the revision before.
columns='{range .items[*]}{.kind}|{.metadata.name}|{.metadata.generation}|{.status.observedGeneration}'
columns+='|{.status.latestVersion}|{.spec.paused}|{.spec.replicas}|{.spec.template.spec.serviceAccountName}'
columns+='|{.spec.triggers[*].type}|{.metadata.annotations.openshift\.io/deployment\.phase}'
columns+='|{.metadata.ownerReferences[?(@.kind=="ReplicationController")].name}'
columns+='|{.metadata.labels.openshift\.io/deployer-pod-for\.name}|{.spec.serviceAccountName}'
columns+='|{.spec.imagePullSecrets[*].name}|{.status.conditions[?(@.type=="Ready")].status}|{.status.phase}'
columns+='|{.metadata.deletionTimestamp}|{.status.conditions[?(@.type=="PodScheduled")].reason}'
columns+='|{.status.initContainerStatuses[*].state.waiting.reason} {.status.containerStatuses[*].state.waiting.reason}'
columns+='|{.status.containerStatuses[*].restartCount}|{.spec.containers[*].image}'
columns+='|{.status.conditions[?(@.type=="ReplicaFailure")].message}{"\n"}{end}'
declare -A config=() revision=()
pods=()

observe() {
  local rows kind name generation observed latest paused replicas template triggers phase owner deployer runs_as
  local secrets ready stage deleted scheduled waiting restarts image message
  rows=$(try oc get dc,rc,pods -o "jsonpath=$columns") || return 1
  config=() revision=() pods=()
  while IFS='|' read -r kind name generation observed latest paused replicas template triggers phase owner deployer \
    runs_as secrets ready stage deleted scheduled waiting restarts image message; do
    case $kind in
      DeploymentConfig) config[$name]="$generation|$observed|$latest|$paused|$replicas|${template:-default}|$triggers" ;;
      ReplicationController) revision[$name]="$phase|${template:-default}|$message" ;;
      Pod)
        [[ -z $deleted && ($stage == Pending || $stage == Running || $stage == Unknown) ]] || continue
        pods+=("$name|$owner|$deployer|$runs_as|$secrets|$ready|$scheduled|$waiting|$restarts|$image")
        ;;
    esac
  done <<<"$rows"
}

# judge CONFIG, by the last observation: $state is reached, paused, moving or failed, and $reason says why; $stuck is set where waiting does not help.
judge() {
  local name=$1 generation observed latest replicas template triggers phase revision_account message
  local pod owner deployer runs_as secrets ready scheduled waiting restarts image live=0 proved=0 wrong=
  state=moving reason='' stuck='' start=''
  [[ -n ${config[$name]:-} ]] || { state=failed reason='it is no longer in the project' && return; }
  IFS='|' read -r generation observed latest paused replicas template triggers <<<"${config[$name]}"
  IFS='|' read -r phase revision_account message <<<"${revision[$name-$latest]:-||}"
  newest=$name-$latest patched=no serving=
  [[ $template == "$account" ]] && patched=yes
  for pod in ${pods[@]+"${pods[@]}"}; do
    IFS='|' read -r pod owner deployer runs_as secrets ready scheduled waiting restarts image <<<"$pod"
    if [[ $deployer == "$newest" || ($owner == "$newest" && -z $deployer) ]]; then
      case " $waiting " in
        *ImagePull* | *ErrImage* | *InvalidImage* | *RegistryUnavailable*) stuck="pod $pod cannot pull $image" ;;
        *CrashLoopBackOff*) stuck="pod $pod keeps crashing (oc logs $pod --previous)" ;;
        *CreateContainer* | *RunContainerError*) stuck="pod $pod cannot start (oc describe pod $pod)" ;;
      esac
      [[ $scheduled == Unschedulable ]] && stuck="no node can run pod $pod (oc describe pod $pod)"
      [[ $ready != True && " $restarts " =~ \ ([2-9]|[1-9][0-9]+)\  ]] && stuck="pod $pod keeps crashing (oc logs $pod --previous)"
    fi
    [[ -z $deployer && ${owner%-*} == "$name" && ${owner##*-} =~ ^[0-9]+$ ]] || continue
    live=$((live + 1))
    [[ $ready == True ]] && serving="$owner serves, as $runs_as"
    if [[ $runs_as != "$account" ]]; then
      wrong="pod $pod runs as $runs_as"
    elif [[ " $secrets " != *" $secret "* ]]; then
      wrong="pod $pod was created without the pull secret $secret"
    elif [[ $owner == "$newest" && $ready == True ]]; then
      proved=$((proved + 1))
    fi
  done
  [[ -n $message ]] && stuck="its new pods are refused: $message"
  serving=${serving:-no pod of $name is ready}
  proof="$proved of $replicas pods run as $account"
  if [[ $observed != "$generation" && $paused != true ]]; then
    reason='the patch has not taken effect yet' stuck=${stuck:-$reason}
  elif [[ -z $phase ]]; then
    reason="revision $latest has not started (is there an image in its image stream?)" stuck=${stuck:-$reason}
  elif [[ $phase == Failed ]]; then
    state=failed reason="revision $latest failed${stuck:+, $stuck}" start=yes
  elif [[ $phase != Complete ]]; then
    reason="revision $latest is under way ($phase)"
  elif [[ $revision_account != "$template" && $paused == true ]]; then
    state=paused reason="it is paused: its pods are still those of revision $latest (oc rollout resume dc/$name)"
  elif [[ $revision_account != "$template" && " $triggers " != *' ConfigChange '* ]]; then
    reason="it has no ConfigChange trigger: its pods are still those of revision $latest" stuck=$reason start=yes
  elif [[ $revision_account != "$template" ]]; then
    reason="its trigger has not fired; revision $latest serves (is there an image in its image stream?)" stuck=$reason
  elif [[ $patched == no ]]; then
    reason="its template uses $template" stuck=$reason
  elif ((replicas == 0 && live == 0)); then
    state=reached proof='scaled to zero'
  elif [[ -n $wrong ]]; then
    reason=$wrong stuck=${stuck:-$wrong} start=yes
  elif ((proved == live && proved >= replicas)); then
    state=reached
  else
    reason=$proof
  fi
  # The patch starts a config that has its trigger; one without has to be started.
  if [[ $patched == no ]]; then
    start=
    [[ " $triggers " == *' ConfigChange '* ]] || start=yes
  fi
  [[ $paused != true ]] || start=
}

needs_patch() { judge "$1" && [[ $state != reached && $patched == no ]]; }
is_paused() { judge "$1" && [[ $paused == true ]]; }
needs_start() { judge "$1" && [[ $state != reached && -n $start ]]; }
under_way() { judge "$1" && [[ $state == moving && $reason == *'under way'* ]]; }

# wave TITLE CONFIG=SECONDS…: observes, and waits for rollouts that somebody else has started: a patch would make two of each.
wave() {
  local pair began=$SECONDS busy
  say "$1"
  shift
  while :; do
    observe || broken 'oc get dc,rc,pods'
    busy=
    for pair in "$@"; do
      under_way "${pair%=*}" || continue
      busy=yes
      ((SECONDS - began < ${pair##*=})) || stop 6 "${pair%=*}: not ready within ${pair##*=} s: $reason"
    done
    [[ -n $busy ]] || return 0
    pause
  done
}

# await CONFIG=SECONDS…: observes until each has proved itself. A failure that does not pass by itself gets $grace seconds.
await() {
  local pair name limit open lost='' began=$SECONDS
  local -A since=() shown=()
  while :; do
    if observe; then lost=; else
      [[ $(<"$scratch/said") =~ $passing ]] || broken 'oc get dc,rc,pods'
      lost=$(said)
    fi
    open=
    for pair in "$@"; do
      name=${pair%=*} limit=${pair##*=}
      if [[ -z $lost ]]; then
        judge "$name"
        case $state in
          reached)
            [[ ${shown[$name]:-} == reached ]] || say "✓ $name: $proof"
            shown[$name]=reached
            continue
            ;;
          paused)
            [[ ${shown[$name]:-} == paused ]] || say "✗ $name: $reason"
            shown[$name]=paused
            continue
            ;;
          failed) stop 5 "$name: $reason; $serving" ;;
        esac
        [[ ${shown[$name]:-} == "$reason" ]] || say "$name: $reason"
        shown[$name]=$reason
        if [[ -z $stuck ]]; then since[$name]=; else
          since[$name]=${since[$name]:-$SECONDS}
          ((SECONDS - since[$name] < grace)) || stop 5 "$name: $stuck; $serving"
        fi
      fi
      open=yes
      ((SECONDS - began < limit)) || late "$name" "$limit" "$lost"
    done
    [[ -n $open ]] || return 0
    pause
  done
}

late() { # CONFIG SECONDS LOST
  [[ -z $3 ]] || stop 7 "the cluster does not answer: $3"
  refusals "$1"
  stop 6 "$1: not ready within $2 s: $reason; $serving"
}

# Where no pod is created, the events about the newest revision say why.
refusals() {
  local lines
  lines=$(oc get events --field-selector="involvedObject.name=$newest,type=Warning" -o 'jsonpath={range .items[*]}{.message}{"\n"}{end}' 2>/dev/null) || return 0
  [[ -z $lines ]] || stuck=${lines%%$'\n'*}
  [[ -z $lines ]] || reason+=": $stuck"
}

# Stops where the gate's program is missing; a command that does not begin with a name is left to the shell.
usable_gate() {
  local first
  sh -n -c "$gate_command" || stop 2 "sh cannot read the gate's command; nothing was changed"
  read -r first _ <<<"$gate_command"
  [[ ! $first =~ ^[[:alnum:]_./+-]+$ ]] || command -v "$first" >/dev/null || stop 2 "$first is not a program that can be run; nothing was changed"
}

# gate NUMBER TOTAL NAME CONFIGS: after a wave, the command that decides whether there is a next one. Its output is shown.
gate() {
  local code=0 began=$SECONDS watchdog
  say "gate after wave $1 of $2, $3: $gate_command"
  set -m # a process group of its own, which is ended as a whole
  THREESCALE_MIGRATE_NAMESPACE=$project THREESCALE_MIGRATE_WAVE=$3 THREESCALE_MIGRATE_WAVE_NUMBER=$1 \
    THREESCALE_MIGRATE_WAVE_TOTAL=$2 THREESCALE_MIGRATE_WAVE_CONFIGS=$4 sh -c "$gate_command" </dev/null >&2 &
  gate_group=$!
  { sleep "$gate_seconds" && kill -- "-$gate_group" && sleep 1 && kill -KILL -- "-$gate_group"; } >/dev/null 2>&1 &
  watchdog=$!
  set +m
  wait "$gate_group" || code=$?
  kill -- "-$watchdog" 2>/dev/null || true
  end_gate
  ((code == 0)) && return
  ((code < 128 || SECONDS - began < gate_seconds)) || stop 5 "the gate failed after wave $1 of $2, $3: it did not end within $gate_seconds s"
  stop 5 "the gate failed after wave $1 of $2, $3: exit code $code; what was done stays; run it again to continue"
}

end_gate() {
  [[ -z $gate_group ]] || kill -- "-$gate_group" 2>/dev/null || true
  gate_group=
}

# ask NUMBER TOTAL NAME…: a person says whether there is a next wave.
ask() {
  local word=
  until [[ $word == y ]]; do
    read -r -p "wave $1 of $2, $3: done. Continue with the next wave? Type y or n: " word || word=n
    [[ $word != n ]] || stop 130 "stopped after wave $1 of $2, $3, as you answered; run it again to continue"
  done
}

# prove CONFIG…: the end. The pods say whether the project is migrated.
prove() {
  local name failed=0
  observe || broken 'oc get dc,rc,pods'
  for name in "$@"; do
    judge "$name"
    if [[ $state == reached ]]; then say "✓ dc/$name: $proof"; else
      say "✗ dc/$name: $reason; $serving"
      failed=$((failed + 1))
    fi
  done
  ((failed == 0)) || stop 1 "not migrated: $failed of $# configs are not proved by their pods"
  printf '%s\n' 'migrated, and the pods prove it'
}

tidy() {
  rm -rf "$scratch"
  if [[ -n $nap ]]; then kill "$nap" 2>/dev/null || true; fi
  end_gate
}

nap=
gate_group=
gate_command=
gate_seconds=60
scratch=$(mktemp -d)
trap tidy EXIT
trap 'stop 130 "interrupted: what was done stays; run it again to continue"' INT
trap 'stop 143 "terminated: what was done stays; run it again to continue"' TERM
