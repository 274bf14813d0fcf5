#!/usr/bin/env bash
# The step of action.yml: reviews a checkout and tells the runner what came of it.
set -euo pipefail

work=${RUNNER_TEMP:-$(mktemp -d)}/dockerslim
mkdir -p "$work"
# A program that is at hand is named in DOCKERSLIM.
dockerslim=${DOCKERSLIM:-$work/venv/bin/dockerslim}
if [[ -z ${DOCKERSLIM:-} ]]; then
  python3 -m venv "$work/venv"
  package=${DOCKERSLIM_VERSION:-$DOCKERSLIM_ACTION}
  # Posting needs an extra, which goes before a version.
  [[ $DOCKERSLIM_MODE == review ]] && package=${package/dockerslim-rewrite/dockerslim-rewrite[review]}
  [[ $DOCKERSLIM_MODE == review && -z ${DOCKERSLIM_VERSION:-} ]] && package="${DOCKERSLIM_ACTION}[review]"
  # The log of this belongs to nobody's review.
  "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$package" >&2
fi

arguments=(--scope "${DOCKERSLIM_SCOPE:-changed-lines}")
[[ -n ${DOCKERSLIM_BASE:-} ]] && arguments+=(--base "$DOCKERSLIM_BASE")
[[ -n ${DOCKERSLIM_REVIEW_LEVEL:-} ]] && arguments+=(--level "$DOCKERSLIM_REVIEW_LEVEL")
paths=()
while IFS= read -r path; do
  [[ -n $path ]] && paths+=("$path")
done <<<"${DOCKERSLIM_PATHS:-}"
arguments+=(-- ${paths[@]+"${paths[@]}"})

report=$work/review.json
"$dockerslim" review --format json "${arguments[@]}" >"$report"
"$dockerslim" review --format markdown "${arguments[@]}" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
changes=$(python3 -c 'import json, sys; print(sum(len(f["changes"]) for f in json.load(open(sys.argv[1]))["files"]))' "$report")
{
  echo "changes=$changes"
  echo "report=$report"
} >>"${GITHUB_OUTPUT:-/dev/null}"

case $DOCKERSLIM_MODE in
  annotations) "$dockerslim" review --format github "${arguments[@]}" ;;
  review) "$dockerslim" review --post github --send "${arguments[@]}" ;;
  file) ;;
  *)
    echo "mode: unknown value '$DOCKERSLIM_MODE'; choose from annotations, review, file" >&2
    exit 2
    ;;
esac
[[ ${DOCKERSLIM_FAIL:-false} != true || $changes -eq 0 ]]
