#!/usr/bin/env bash
# Quality of real and made-up recordings: noise is told, rhythm is not.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
D=${CFM_DATA:-}
need "$D/cinc2017" "CFM_DATA names no folder with cinc2017"

# judge WHAT VALUE LOW HIGH
judge() { awk -v v="$2" -v low="$3" -v high="$4" 'BEGIN { exit !(v != "" && v + 0 >= low && v + 0 <= high) }' || complain "$1: ${2:-nothing}, not within $3 … $4"; }
# metric FILE NAME — the value of the score itself
metric() { awk -F, -v m="$2" '$1 == "model" && $4 == m { print $5; exit }' "$1"; }
# mean FILE KIND — mean score of a kind of channel
mean() { awk -F, -v kind="$2" 'NR > 1 && $6 == kind { n++; sum += $7 } END { print sum / n }' "$1"; }

# The noisy class of a challenge, and blindness to atrial fibrillation.
cfm-segment -q "$D/cinc2017" --trust-data --signals ecg --whole --labels "$D/cinc2017/reference.csv" | cfm-quality -q -o c.cfm
cfm-eval -q --quality 'rhythm=~' --to csv c.cfm >noisy.csv
cfm-eval -q --quality rhythm=A:N --to csv c.cfm >af.csv
judge "cinc2017: AUROC of the noisy class" "$(metric noisy.csv auroc)" 0.94 1
judge "cinc2017: AUROC of AF against sinus" "$(metric af.csv auroc)" 0.37 0.63
cfm-quality -q --method rr c.cfm | cfm-eval -q --quality rhythm=A:N --to csv >rr.csv
judge "cinc2017: AUROC of AF against sinus by the regularity of RR" "$(metric rr.csv auroc)" 0.8 1

# Clean signals are good whatever the rhythm; noise makes them bad.
for rhythm in sinus af pvc vt paced; do
  cfm-synth -q --subjects 8 --duration 60 --seed 3 --signals ecg --rhythm "$rhythm" --noise none | cfm-segment -q - --length 10 | cfm-quality -q --to csv >clean.csv
  judge "clean $rhythm: mean score" "$(mean clean.csv ecg)" 0.9 1
  cfm-synth -q --subjects 8 --duration 60 --seed 3 --signals ecg --rhythm "$rhythm" --noise motion@0 | cfm-segment -q - --length 10 | cfm-quality -q --to csv >noisy.csv
  judge "$rhythm in motion at 0 dB: mean score" "$(mean noisy.csv ecg)" 0 0.2
done

# The score is a probability: near the share of segments whose SNR is at least 10 dB.
cfm-synth -q --subjects 60 --duration 60 --seed 2 --signals ecg --noise motion@-6..30 | cfm-segment -q - --length 10 | cfm-quality -q | cfm-eval -q --quality 'snr<10' --to csv >snr.csv
judge "motion: AUROC of an SNR under 10 dB" "$(metric snr.csv auroc)" 0.95 1
judge "motion: calibration error" "$(metric snr.csv ece)" 0 0.16  # the SNR is that of 30 s, of which a segment is 10
finish
