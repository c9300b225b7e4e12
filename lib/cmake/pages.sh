#!/usr/bin/env bash
# pages.sh BIN OUT — man pages and completions of every program in BIN, from its own option table, into OUT/man and
# OUT/completions. The committed pages are its output; a test compares them.
set -euo pipefail
bin=$1 out=$2
mkdir -p "$out/man" "$out/completions/bash" "$out/completions/zsh" "$out/completions/fish"
for program in "$bin"/cfm-*; do
  name=${program##*/}
  "$program" --generate man >"$out/man/$name.1"
  "$program" --generate bash >"$out/completions/bash/$name"
  "$program" --generate zsh >"$out/completions/zsh/_$name"
  "$program" --generate fish >"$out/completions/fish/$name.fish"
done
