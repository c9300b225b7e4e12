# id,sbp,dbp of segments, from the pulses of `cfm-delineate --only pulses --to csv`: medians over the segment's pulses of ABP.
# Left out: segments with fewer than five pulses, and what no arterial line shows of a living patient or an open transducer
# shows instead: systolic outside 50 to 260, diastolic outside 20 to 160, a pulse pressure below 15 mmHg (the limits of
# cfm-synth --sbp, --dbp).
BEGIN { FS = OFS = ","; print "id", "sbp", "dbp" }
NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
$column["channel"] == "ABP" && $column["systolic"] != "" && $column["diastolic"] != "" {
  if ($1 != id) { tell(); id = $1; n = 0 }
  systolic[++n] = $column["systolic"]
  diastolic[n] = $column["diastolic"]
}
END { tell(); printf "pressure: %d segments labelled, %d left out\n", told, left >"/dev/stderr" }
function median(x, n,   i, j, value, sorted) {
  for (i = 1; i <= n; i++) {
    value = x[i] + 0
    for (j = i; j > 1 && sorted[j - 1] > value; j--) sorted[j] = sorted[j - 1]
    sorted[j] = value
  }
  return (sorted[int((n + 1) / 2)] + sorted[int((n + 2) / 2)]) / 2
}
function tell(   sbp, dbp) {
  if (n == 0) return
  sbp = median(systolic, n)
  dbp = median(diastolic, n)
  if (n < 5 || sbp < 50 || sbp > 260 || dbp < 20 || dbp > 160 || sbp - dbp < 15) { left++; return }
  told++
  print id, sprintf("%.2f", sbp), sprintf("%.2f", dbp)
}
