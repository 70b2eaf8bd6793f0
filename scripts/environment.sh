# The Python environment that the scripts share; to be sourced: prepare_environment [EXTRA]
# Uses the active environment, else .venv, and installs clustermap only when pyproject.toml changed.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

say() { printf '%s\n' "$*" >&2; }

find_python() {
  local name
  for name in python3 python3.11 python3.12 python3.13 python3.14 python; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$name"
      return
    fi
  done
  say "clustermap needs Python 3.11 or newer. On Debian and Ubuntu: apt-get install python3 python3-venv"
  return 1
}

make_environment() {
  local found
  found="$(find_python)"
  # Debian keeps ensurepip in a package of its own: without it venv fails half way.
  if ! "$found" -c 'import ensurepip, venv' 2>/dev/null; then
    say "This Python cannot make environments. On Debian and Ubuntu: apt-get install python3-venv"
    return 1
  fi
  say "Making the environment .venv ..."
  "$found" -m venv "$root/.venv"
}

prepare_environment() {
  local extra="${1:-}" folder="${VIRTUAL_ENV:-$root/.venv}" what="$root" wanted stamp
  if [[ ! -x "$folder/bin/python" ]]; then
    make_environment
    folder="$root/.venv"
  fi
  python="$folder/bin/python"
  if [[ -n "$extra" ]]; then what="$root[$extra]"; fi
  wanted="$root $("$python" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$root/pyproject.toml")"
  stamp="$folder/.clustermap-${extra:-plain}"
  # Another checkout may have been installed here since: ask where the package comes from.
  if [[ "$(cat "$stamp" 2>/dev/null)" == "$wanted" ]] && comes_from_here; then return; fi
  say "Installing clustermap${extra:+ with what its tests need} ..."
  "$python" -m pip install --quiet --disable-pip-version-check --editable "$what"
  printf '%s\n' "$wanted" >"$stamp"
}

comes_from_here() {
  (cd / && "$python" -c '
import importlib.metadata, importlib.util, pathlib, sys
found = importlib.util.find_spec("clustermap")
importlib.metadata.version("clustermap")
sys.exit(pathlib.Path(found.origin).parents[1] != pathlib.Path(sys.argv[1]))
' "$root") 2>/dev/null
}
