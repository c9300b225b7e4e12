# A table of OUT/scores.csv: the metrics of `show`, in its order; runs NAME.s0, NAME.s1, … as mean and SD over seeds, with
# the interval of the first. only: a regular expression for `SYSTEM OF`.
BEGIN {
  FS = ","
  metrics = split(show, metric, " ")
  printf "%-26s %-16s %-14s %-12s %9s  %-20s %8s %s\n", "run", "system", "of", "metric", "value", "95 % interval", "subjects", "over seeds"
}
NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
{
  run = $column["run"]
  sub(/\.s[0-9]+$/, "", run)
  of = $column["label"]
  if ($column["class"] != "") of = $column["class"]
  if ($column["lead"] != "") of = of " " $column["lead"]
  if ($column["record"] != "" || $column["value"] == "" || $column["note"] == "average" || $column["note"] == "median") next
  if ($column["system"] " " of !~ only) next
  key = run "," $column["system"] "," of "," $column["metric"]
  if (!(key in n)) {
    order[++rows] = key
    name[rows] = $column["metric"]
    interval[key] = $column["low"] == "" ? "" : "[" short($column["low"]) ", " short($column["high"]) "]"
    subjects[key] = $column["subjects"]
  }
  value = $column["value"]
  n[key]++
  sum[key] += value
  square[key] += value * value
}
function short(x) { return sprintf(x < 10 && x > -10 ? "%.3f" : "%.1f", x) }
END {
  for (m = 1; m <= metrics; m++) for (i = 1; i <= rows; i++) {
    if (name[i] != metric[m]) continue
    key = order[i]
    split(key, part, ",")
    mean = sum[key] / n[key]
    spread = n[key] > 1 ? sprintf("± %s of %d", short(sqrt((square[key] / n[key] - mean * mean > 0 ? square[key] / n[key] - mean * mean : 0) * n[key] / (n[key] - 1))), n[key]) : ""
    printf "%-26s %-16s %-14s %-12s %9s  %-20s %8s %s\n", part[1], part[2], part[3], part[4], short(mean), interval[key], subjects[key], spread
  }
}
