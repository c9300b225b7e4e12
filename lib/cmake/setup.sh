# shellcheck shell=bash disable=SC2034
# Set-up shared by examples/quickstart.sh and tests/run.sh: packages, LibTorch, configure, build. Sourced, not run.
# Needs `root` (the clone). Sets `build` (the build folder) and CFM_LIBTORCH when it had to fetch one.

readonly kTorchVersion=2.11.0
readonly kBuildPackages=(g++ cmake ninja-build ccache pkg-config libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libfmt-dev
  libfftw3-dev libsoxr-dev libeigen3-dev libsndfile1-dev libmatio-dev zlib1g-dev libsodium-dev libcairo2-dev)
readonly kTestPackages=(doctest-dev jq mandoc python3 zsh fish clang libclang-rt-dev)

say() { printf '== %s\n' "$*" >&2; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# install_packages PACKAGE… — Debian packages that are missing, with root or password-less sudo; else names them.
install_packages() {
  local missing=() package sudo=()
  command -v dpkg-query >/dev/null || { say "no dpkg here: using the libraries that CMake finds"; return 0; }
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    if sudo -n true 2>/dev/null; then sudo=(sudo -n); else
      say "not root, so these packages were not installed: ${missing[*]} (CMake says below whether it finds them elsewhere)"
      return 0
    fi
  fi
  say "installing ${missing[*]}"
  "${sudo[@]}" apt-get -qq update >&2
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get -qq -y install --no-install-recommends "${missing[@]}" >&2
}

# find_libtorch — CFM_LIBTORCH, CMAKE_PREFIX_PATH and the active Python's torch are looked at by CMake; here only
# what none of them has is fetched, into a cache that outlives the clone.
find_libtorch() {
  [ -z "${CFM_LIBTORCH:-}" ] || return 0
  local prefix
  while IFS= read -r -d ':' prefix; do
    [ -z "$prefix" ] || [ ! -e "$prefix/lib/libtorch_cpu.so" ] || return 0
  done <<<"${CMAKE_PREFIX_PATH:-}:"
  if python3 -c 'import torch,sys; sys.exit(tuple(map(int, torch.__version__.split(".")[:2])) < (2, 6))' 2>/dev/null; then return 0; fi
  local cache="${XDG_CACHE_HOME:-$HOME/.cache}/cfm/libtorch-$kTorchVersion"
  if [ ! -e "$cache/complete" ]; then
    say "fetching LibTorch $kTorchVersion (530 MB, once) into $cache"
    python3 -m pip --version >/dev/null 2>&1 || install_packages python3 python3-pip
    local fresh="$cache.fresh.$$"
    rm -rf "$fresh"
    python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --no-deps --no-compile --target "$fresh" \
      "torch==$kTorchVersion" nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85 >&2 ||
      fail "LibTorch could not be fetched: set CFM_LIBTORCH to a LibTorch folder (2.6 or later) and run again"
    touch "$fresh/complete"
    rm -rf "$cache"
    mv "$fresh" "$cache"
  fi
  export CFM_LIBTORCH="$cache/torch"
}

# configure_and_build [CMAKE OPTION…] — into build/, with what changed only.
configure_and_build() {
  build="${CFM_BUILD:-$root/build}"
  export CCACHE_SLOPPINESS="pch_defines,time_macros,include_file_mtime,include_file_ctime"
  export CCACHE_DIR="${CCACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/cfm/ccache}"
  say "configuring ${build#"$root"/}"
  cmake -S "$root" -B "$build" -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Release "$@" >&2 || fail "CMake found something missing (above)"
  say "building ${build#"$root"/}"
  cmake --build "$build" -- --quiet >&2 || fail "the build failed (above)"
}
