#!/usr/bin/env bash
# A program that is killed, a disk that fills, a stream that is cut: nothing that is left looks whole.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
looks_whole() { cfm-view -q --check "$1" >/dev/null 2>&1; }
never_whole() { # never_whole WHAT FILE
  if [ -e "$2" ] && looks_whole "$2"; then complain "$1: the output looks whole"; fi
}

cfm-synth -q --subjects 3 --duration 120 --signals ppg --prov none | cfm-segment -q --length 5 --prov none -o whole.cfm || exit 1
size=$(stat -c %s whole.cfm)
check "whole" looks_whole whole.cfm

# Killed, whoever it is in the pipe, with three quarters of the input on the way.
mkfifo one two three
for victim in 0 1 2; do
  cfm-segment -q --length 5 - <one >two 2>/dev/null &
  programs[0]=$!
  cfm-quality -q <two >three 2>/dev/null &
  programs[1]=$!
  cfm-view -q --to cfm <three >killed.cfm 2>/dev/null &
  programs[2]=$!
  exec 3>one
  head -c $((size * 3 / 4)) whole.cfm >&3
  sleep 0.2
  kill -9 "${programs[victim]}"
  (tail -c +$((size * 3 / 4 + 1)) whole.cfm >&3) 2>/dev/null
  exec 3>&-
  wait "${programs[@]}" 2>/dev/null
  never_whole "program $victim killed" killed.cfm
  rm -f killed.cfm
done

# A reader that is killed: who writes to it ends, and says nothing.
{ cfm-quality -q whole.cfm 2>err; echo $? >status; } | { read -r -N 1 _; kill -9 "$BASHPID"; } 2>/dev/null
check "reader killed: status $(cat status)" [ "$(cat status)" -ne 0 ]
check "reader killed: said $(cat err)" [ ! -s err ]

# A full device, for every program and form.
for command in "cfm-synth --duration 20" "cfm-segment --length 5 whole.cfm" "cfm-quality whole.cfm" "cfm-quality -j 3 whole.cfm" \
  "cfm-quality --to csv whole.cfm" "cfm-delineate whole.cfm" "cfm-delineate --to csv whole.cfm" "cfm-view --to ndjson whole.cfm" "cfm-view --head 2 --to cfm whole.cfm"; do
  $command -q >/dev/full 2>err
  got=$?
  check "full device: $command: status $got" [ "$got" = 5 ]
  check "full device: $command: $(cat err)" grep -q 'No space left' err
done

# A file that may not grow: the shell's file keeps a piece that does not look whole, -o leaves nothing.
for blocks in 1 $((size / 4096)) $((size / 1024 - 1)); do
  (ulimit -f "$blocks"; trap '' XFSZ; cfm-quality -q whole.cfm >half.cfm 2>err)
  check "file limit $blocks: status" [ $? = 5 ]
  never_whole "file limit $blocks" half.cfm
  (ulimit -f "$blocks"; trap '' XFSZ; cfm-quality -q whole.cfm -o never.cfm 2>err)
  check "file limit $blocks, -o: status" [ $? = 5 ]
  check "file limit $blocks, -o: nothing is left" [ -z "$(find . -name 'never.cfm*')" ]
done

# A disk that fills half-way.
mkdir disk
if mount -t tmpfs -o size=$((size / 2)) tmpfs disk 2>/dev/null; then
  trap 'umount "$scratch/disk"; rm -rf "$scratch"' EXIT
  cfm-view -q --to cfm whole.cfm >disk/half.cfm 2>err
  check "disk half full: status" [ $? = 5 ]
  check "disk half full: message" grep -q 'No space left' err
  never_whole "disk half full" disk/half.cfm
  rm disk/half.cfm
  cfm-quality -q whole.cfm -o disk/never.cfm 2>err
  check "disk half full, -o: status" [ $? = 5 ]
  check "disk half full, -o: nothing is left" [ -z "$(ls -A disk)" ]
else
  echo "a disk that fills: left out, no permission to mount one"
fi

# Cut anywhere (every byte of a small stream is a unit test; here a sample, through programs).
for ((cut = 0; cut < size; cut += size / 23 + 1)); do
  for command in "cfm-view -q --to cfm" "cfm-view -q --to ndjson" "cfm-quality -q" "cfm-delineate -q" "cfm-segment -q --length 5 -"; do
    head -c "$cut" whole.cfm | $command >cut.cfm 2>/dev/null
    got=${PIPESTATUS[1]}
    check "cut at $cut: $command: status $got" [ "$got" = 4 ]
    never_whole "cut at $cut: $command" cut.cfm
  done
  head -c "$cut" whole.cfm | cfm-quality -q --on-error skip >saved.cfm 2>/dev/null
  got=${PIPESTATUS[1]}
  if [ "$got" = 6 ]; then
    check "cut at $cut, skip: what is saved is a stream" looks_whole saved.cfm
    check "cut at $cut, skip: it says that it is partial" grep -aq '"type":"end","status":"partial"' saved.cfm
  else
    check "cut at $cut, skip: status $got" [ "$got" = 4 ]
    never_whole "cut at $cut, skip" saved.cfm
  fi
done
finish
