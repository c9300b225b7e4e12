#!/usr/bin/env bash
# The committed man pages and completions are what the programs say now, and their tools accept them.
set -uo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bash "$CFM_ROOT/lib/cmake/pages.sh" "$CFM_BUILD/bin" "$scratch" || exit 1
failures=0
for folder in man completions; do
  diff -r "$CFM_ROOT/$folder" "$scratch/$folder" || {
    echo "pages: $folder is out of date: cmake --build build --target pages"
    failures=1
  }
done
if command -v mandoc >/dev/null; then
  mandoc -Tlint -W warning "$scratch"/man/*.1 || failures=1
else
  echo "skipped: no mandoc to check the man pages"
fi
for file in "$scratch"/completions/bash/*; do bash -n "$file" || failures=1; done
for shell in zsh fish; do
  command -v "$shell" >/dev/null || { echo "skipped: no $shell to check its completions"; continue; }
  for file in "$scratch/completions/$shell"/*; do "$shell" -n "$file" || failures=1; done
done
exit "$failures"
