# What the test of the fuzzers and their long runs share. Sourced, not run; needs CFM_ROOT, CFM_BUILD and the programs.
# shellcheck shell=bash
fuzz_source=$CFM_ROOT/tests/fuzz
fuzz_build=$CFM_BUILD/fuzz
# Memory that is freed waits for 256 MB by default before it is used again, which is half of the limit.
export ASAN_OPTIONS=quarantine_size_mb=16:allocator_may_return_null=0:detect_leaks=1
export UBSAN_OPTIONS=print_stacktrace=1

fuzzers() {
  local source
  for source in "$fuzz_source"/*_fuzz.cc; do basename "$source" _fuzz.cc; done
}

# make_seeds — small files of each kind, made by the programs, into the build folder
make_seeds() {
  local seeds=$fuzz_build/seeds name work
  rm -rf "$seeds"
  while read -r name; do mkdir -p "$seeds/$name"; done < <(fuzzers)
  work=$(mktemp -d) || return 1
  "$fuzz_build/bin/fuzz_seeds" "$seeds" &&
    (
      set -e
      cd "$work"
      cfm-synth -q --duration 2 --heart-rate 70 --prov none | cfm-segment -q --length 1 --prov none -o s.cfm -
      cfm-synth -q --duration 2 --signals ppg --noise none --prov none -o p.cfm
      cfm-segment -q s.cfm --signals ppg --length 0.5 --prov none | cfm-quality -q -o q.cfm
      cp s.cfm p.cfm q.cfm "$seeds/stream"
      cat p.cfm q.cfm >"$seeds/stream/two.cfm"
      for kind in text base64 none; do
        cfm-view -q q.cfm --to ndjson --payload $kind >"$seeds/text_twin/q_$kind"
        grep '"type":"segment"' "$seeds/text_twin/q_$kind" | head -n 1 >"$seeds/text_twin/line_$kind"
      done
      cp "$seeds/text_twin/line_none" "$seeds/json"
      cfm-view -q p.cfm --to edf -o p.edf
      cfm-view -q p.cfm --to edf -o p.bdf
      mv p.edf p.bdf "$seeds/edf"
      cfm-view -q p.cfm --to npy -o "$seeds/npy/p"
      for kind in s p; do
        cfm-segment -q $kind.cfm --length 1 --to csv --rows highest >$kind.csv
        head -n 200 $kind.csv >"$seeds/table/$kind.csv"
      done
      printf 'time [ms];II [mV];PLETH\n0;1.5;2\n4;-1e-3;\n8;;3\n' >"$seeds/table/units"
      printf '\xef\xbb\xbfTime\tII (uV)\n2024-02-28 23:59:59.992+01:00\t1\n2024-02-28 23:59:59.996+01:00\t"2"\n' >"$seeds/table/iso"
      printf 'I,V1\r\n1,2\r\n3,\r\n' >"$seeds/table/plain"
      cfm-view -q p.cfm --to wfdb -o wfdb
      sed 's/^0000/r/' wfdb/*/0000.hea >r.hea
      head -c 400 wfdb/*/0000.dat >r.dat
      cp r.hea "$seeds/wfdb_header/made"
      {
        sed 's/^\(r [0-9]* [0-9.]*\) [0-9]*/\1 0/' r.hea
        printf '==\n==\n'
        cat r.dat
      } >"$seeds/wfdb_record/made"
    )
  local status=$?
  rm -rf "$work"
  [ $status = 0 ] || return $status
  local list='r/2 2 360/720(10) 16 10:23:45.5 2024-03-01\ns 8\n~ 8\n# a comment\n'
  local header='s 2 360 8\ns.dat 212 200(1024)/mV 11 1024 995 -22131 0 MLII\ns.dat 212x1 0 11 1024 1011 20052 0 V5\n'
  # shellcheck disable=SC2059
  {
    printf "$list" >"$seeds/wfdb_header/list"
    printf "$header" >"$seeds/wfdb_header/signals"
    { printf "$list==\n$header==\n==\n"; head -c 24 "$seeds/signal/212"; } >"$seeds/wfdb_record/list"
    { printf 'r/3 1 250 8\nlayout 0\ns 4\n~ 4\n==\nlayout 1 250 0\n~ 0 200 12 0 0 0 0 II\n'; } >"$seeds/wfdb_record/layout"
  }
  for name in 8 16 24 32 61 80 160 212 310 311 16x4 212x3; do
    printf 'r 2 100 6\nr.dat %s 100 12 0 1 2 0 II\nr.dat %s 1(0)/uV 12 0 1 2 0 V1\n==\n==\n' "$name" "${name%x*}" >"$seeds/wfdb_record/$name"
    head -c 60 "$seeds/signal/16" >>"$seeds/wfdb_record/$name"
  done
  {
    printf 'r 2 250 300\nr.dat 516 100 16 0 0 0 0 II\nr.dat 516 100 16 0 0 0 0 V1\n==\n==\n'
    cat "$seeds/audio/16.flac"
  } >"$seeds/wfdb_record/flac"
  local i=0 condition
  while read -r condition; do
    i=$((i + 1))
    printf '%s' "$condition" >"$seeds/where/$i"
  done <<'END'
quality.score > 0.8 && labels.rhythm == "AFIB"
!(labels["snomed code"] == null) || "two" in labels["snomed code"]
labels.rhythm =~ "^A(F|B)+IB?$" && labels.age >= 61
labels.rhythm in 'xAFIBx' || 1e3 <= start || false != true
quality.per_channel.II.score
END
}

# fuzz NAME SECONDS CORPUS ARTEFACTS [OPTION…] — seeds and regressions first, then what it makes of them; 0 where nothing
# is found
fuzz() {
  local regressions=$fuzz_source/regressions/$1 folders=("$3" "$fuzz_build/seeds/$1")
  [ ! -d "$regressions" ] || folders+=("$regressions")
  mkdir -p "$3" "$4"
  "$fuzz_build/bin/fuzz_$1" -entropic=0 -max_total_time="$2" -timeout=10 -rss_limit_mb=512 -malloc_limit_mb=256 \
    -artifact_prefix="$4/$1-" -print_final_stats=1 "${@:5}" "${folders[@]}"
}
