#!/usr/bin/env bash
# Every reader of foreign bytes meets the seeds, what once broke it, and three seconds of new inputs, under sanitizers.
# The same inputs each time; those behind which a library reads on its own (matio, HDF5) meet the known ones only, for
# what it does with others is run.sh's to find.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
# shellcheck source=tests/fuzz/common.sh
. "$CFM_ROOT/tests/fuzz/common.sh"

bash "$fuzz_source/build.sh" "$fuzz_build"
status=$?
[ $status = 0 ] || exit $status
make_seeds || { complain "the seeds can't be made"; finish; }

# one NAME — a line of the outcome; the log of what fails
one() {
  local name=$1 options=(-seed=1)
  [[ $name != mat* ]] || options=(-runs=0)
  if fuzz "$name" 3 "corpus/$name" "$fuzz_build/artefacts" "${options[@]}" >"$name.log" 2>&1; then
    echo "$name: $(awk '/number_of_executed_units/ { print $2 }' "$name.log") inputs"
  else
    echo "$name: failed"
    tail -n 60 "$name.log"
    touch "$name.failed"
  fi
}
running=0
for name in $(fuzzers); do
  one "$name" &
  if [ $((running += 1)) -ge 2 ]; then
    wait -n
    running=$((running - 1))
  fi
done
wait
for name in $(fuzzers); do check "$name: an input is in $fuzz_build/artefacts" [ ! -e "$name.failed" ]; done
finish
