# labels.csv of cfm-synth, then `cfm-delineate --only pat --to csv`: a table for cfm-eval of each record's median arrival time.
BEGIN { FS = OFS = "," }
FNR == 1 { file++; split("", column); for (i = 1; i <= NF; i++) column[$i] = i; next }
file == 1 { if ($column["pat"] != "") truth[$column["record"]] = $column["pat"]; next }
$column["pat"] != "" && $column["pat_reason"] == "used" {
  record = $column["record"]
  sub(/.*\//, "", record)
  value[record, ++n[record]] = $column["pat"] + 0
}
END {
  print "record", "subject", "label", "truth", "score"
  for (record in truth) {
    if (n[record] == 0) { without++; continue }
    for (i = 2; i <= n[record]; i++) {
      x = value[record, i]
      for (j = i; j > 1 && value[record, j - 1] > x; j--) value[record, j] = value[record, j - 1]
      value[record, j] = x
    }
    median = (value[record, int((n[record] + 1) / 2)] + value[record, int((n[record] + 2) / 2)]) / 2
    print record, record, "pat", truth[record], median | "sort"
  }
  close("sort")
  printf "arrival: %d records without an arrival time that was used\n", without >"/dev/stderr"
}
