// The style sheet of the page. Colours are of Okabe and Ito's palette (2008), darkened or lightened where letters or
// lines would not stand out 4.5 or 3 to 1 from the paper (WCAG 2.1, AA).
#pragma once

namespace cfm::report {

inline constexpr const char* kStyle = R"css(
:root { color-scheme: light dark;
  --paper: #fdfdfb; --raised: #f4f4f0; --ink: #1c1f23; --soft: #5a6068; --line: #d9d9d2; --grid: #e8e8e2;
  --guide: #84888e; --accent: #0072b2; --warn: #b24a00; --warn-paper: #fdf0e6;
  --ecg-paper: #fffaf9; --ecg-grid: #f6cfca;
  --s0: #0072b2; --s1: #c75300; --s2: #00805d; --s3: #b05a8d; --s4: #5a6068; --s5: #8a6500; --s6: #3b7f9f; --s7: #1c1f23;
  --right: 0, 114, 178; --wrong: 213, 94, 0; }
@media screen and (prefers-color-scheme: dark) { :root {
  --paper: #15181c; --raised: #1e2227; --ink: #e6e7e9; --soft: #a3a9b1; --line: #363c44; --grid: #2a2f36;
  --guide: #7d848d; --accent: #6bbcf0; --warn: #f0a35e; --warn-paper: #2c2219;
  --ecg-paper: #1a1819; --ecg-grid: #4a2f2e;
  --s0: #56b4e9; --s1: #f08a3c; --s2: #2fc095; --s3: #dd94bd; --s4: #a3a9b1; --s5: #e6b422; --s6: #8fc7de; --s7: #e6e7e9;
  --right: 86, 180, 233; --wrong: 230, 130, 50; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 70rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere; }
h1, h2, h3, h4 { line-height: 1.25; font-weight: 600; margin: 0 0 .6rem; text-wrap: balance; }
h1 { font-size: 1.75rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; } h3 { font-size: 1.02rem; } h4 { font-size: .95rem; }
section { margin-top: 2.4rem; } section section { margin-top: 1.8rem; }
main > section { border-top: 1px solid var(--line); padding-top: 1.2rem; }
p { margin: 0 0 .7rem; max-width: 46rem; }
a { color: var(--accent); }
small { display: block; font-size: .8rem; color: var(--soft); line-height: 1.35; font-weight: 400; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .82rem; }
pre { background: var(--raised); padding: .7rem .9rem; margin: 0 0 .8rem; border-radius: 4px; line-height: 1.45; overflow-wrap: normal; overflow-x: auto; max-width: 100%; }
.callout pre { padding: 0; background: none; }
q { quotes: "“" "”"; }
.verdict { font-size: 1.15rem; line-height: 1.4; margin-bottom: .9rem; max-width: 52rem; }
.about, .mild, figcaption, .notes { color: var(--soft); }
.about { margin-bottom: .3rem; }
.callout { background: var(--warn-paper); border-left: 4px solid var(--warn); padding: .55rem .9rem; margin: 0 0 .8rem; max-width: 46rem; }
.callout.mild { background: var(--raised); border-color: var(--guide); color: var(--ink); }
.callout > :last-child { margin-bottom: 0; }
.callout ul { margin: .4rem 0 0; padding-left: 1.1rem; }
nav ul { list-style: none; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; }
footer { margin-top: 3rem; font-size: .82rem; color: var(--soft); border-top: 1px solid var(--line); padding-top: .8rem; }

.box { overflow-x: auto; max-width: 100%; margin: 0 0 .6rem; }
.box:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .9rem; overflow-wrap: normal; }
th, td { text-align: left; padding: .22rem .9rem .22rem 0; vertical-align: baseline; font-weight: 400; }
th { max-width: 16rem; overflow-wrap: anywhere; min-width: 6rem; }
thead th { font-weight: 600; border-bottom: 1.5px solid var(--ink); vertical-align: bottom; }
tbody tr + tr > * { border-top: 1px solid var(--grid); }
th code { white-space: nowrap; } td > code { display: inline-block; min-width: 14rem; } .n sup { position: absolute; line-height: 1; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.n { white-space: normal; }
.ci { color: var(--soft); font-size: .86em; }
tr.group > th { font-weight: 600; padding-top: .9rem; border-top: 0; border-bottom: 1px solid var(--line); }
tbody + tbody > tr:first-child > * { border-top: 0; }
sup { font-size: .7em; line-height: 0; color: var(--soft); padding-left: .15em; }
.notes { list-style: none; padding: 0; margin: 0 0 .8rem; font-size: .82rem; max-width: 52rem; }
details { margin: .4rem 0 .8rem; } summary { cursor: pointer; color: var(--accent); } details[open] > summary { margin-bottom: .5rem; }
dl { margin: 0; } dt { font-weight: 600; } dt code { font-weight: 400; color: var(--soft); }
details dd { margin: 0 0 .5rem; max-width: 46rem; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; font-size: .9rem; }
dl.facts dt { font-weight: 400; color: var(--soft); } dl.facts dd { margin: 0; }

.flow { list-style: none; margin: 0 0 1rem; padding: 0; max-width: 52rem; }
.flow > li { position: relative; padding: 0 0 1.1rem 1.4rem; border-left: 2px solid var(--line); margin-left: 5px;
  display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: .2rem 1.5rem; line-height: 1.4; }
.flow > li:last-child { padding-bottom: 0; border-color: transparent; }
.flow > li::before { content: ""; position: absolute; left: -7px; top: .32rem; width: 10px; height: 10px; border-radius: 50%;
  background: var(--paper); border: 2px solid var(--accent); }
.flow b { font-size: 1.15rem; font-variant-numeric: tabular-nums; }
.flow .out { list-style: none; margin: 0; padding: 0; font-size: .86rem; color: var(--soft); }
.flow .out b { font-size: inherit; color: var(--warn); }

.whiskers { width: 100%; max-width: 56rem; table-layout: fixed; margin: .8rem 0; }
.whiskers th:first-child { width: 26%; padding-right: 1rem; max-width: none; } .whiskers td.drawn { width: auto; padding: 0; }
.whiskers .n { width: 12.5rem; padding-left: 1rem; vertical-align: middle; } .whiskers tbody th { vertical-align: middle; }
.whiskers td.n small { white-space: normal; }
.whiskers tbody td.drawn { position: relative; } .whiskers tbody .strip { position: absolute; inset: 0; height: 100%; }
.whiskers tbody tr > * { border-top: 0; } .whiskers thead td, .whiskers thead th { border-bottom: 1px solid var(--line); }
.whiskers tbody th, .whiskers tbody td { padding-top: .3rem; padding-bottom: .3rem; } .whiskers b { font-weight: 400; } .whiskers .first th, .whiskers .first b { font-weight: 600; }
.strip, .ruler { display: block; width: 100%; overflow: visible; } .ruler { height: 20px; }
.ruler text, .times text { font-size: 12px; fill: var(--soft); }
.strip .reach { stroke: var(--soft); stroke-width: 2; } .strip .spot { fill: var(--soft); }
.first .strip .reach { stroke: var(--s0); stroke-width: 3.5; } .first .strip .spot { fill: var(--s0); }

.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 24rem)); gap: 1.2rem 2rem; align-items: start; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: .82rem; line-height: 1.4; margin-top: .3rem; } figcaption b { color: var(--ink); }
.legend { list-style: none; padding: 0; margin: 0 0 .6rem; display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; font-size: .86rem; }
.key { width: 28px; height: 8px; margin-right: .4rem; vertical-align: middle; }
.chart { display: block; width: 100%; height: auto; }
.chart text { font-size: 12px; fill: var(--soft); } .chart .axis { fill: var(--ink); }
line.grid, path.grid { stroke: var(--grid); stroke-width: 1; fill: none; }
line.guide, path.guide { stroke: var(--guide); stroke-width: 1.2; stroke-dasharray: 4 3; fill: none; }
path.level { stroke: var(--s1); stroke-width: 1.6; fill: none; }
.line { fill: none; stroke-width: 1.4; stroke-linejoin: round; } .line.thin { stroke-width: 1; }
.line.s0 { stroke-width: 2.8; } .line.even { stroke-width: 1.8; } .line.thin.s0 { stroke-width: 1.4; }
.s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); } .s2 { stroke: var(--s2); } .s3 { stroke: var(--s3); }
.s4 { stroke: var(--s4); } .s5 { stroke: var(--s5); } .s6 { stroke: var(--s6); } .s7 { stroke: var(--s7); }
.line.s1 { stroke-dasharray: 7 3; } .line.s2 { stroke-dasharray: 2 2; } .line.s3 { stroke-dasharray: 9 3 2 3; }
.line.s5 { stroke-dasharray: 5 2; } .line.s6 { stroke-dasharray: 1 3; } .line.s7 { stroke-dasharray: 12 4; }
.line.thin { stroke-dasharray: none; }
.dot { stroke-width: 1.6; fill: var(--paper); } .dot.s0 { fill: var(--s0); }
.bar { fill: var(--grid); } .cloud path { stroke: var(--s0); stroke-width: 5; stroke-opacity: .35; stroke-linecap: round; }
.halo { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }
.chart .halo { fill: var(--ink); }

.confusion { margin: 0; } .confusion td.n { padding: .35rem .6rem; min-width: 4rem; border: 1px solid var(--paper); }
.confusion thead th { font-weight: 400; text-align: right; padding: .1rem .6rem; border: 0; min-width: 4rem; } .confusion td.axis { text-align: right; color: var(--soft); }
.confusion tbody th { padding-right: .8rem; border: 0; } .confusion b { font-weight: 600; } .confusion small { color: var(--ink); }
.right1 { background: rgba(var(--right), 0.045); } .right2 { background: rgba(var(--right), 0.09); } .right3 { background: rgba(var(--right), 0.135); } .right4 { background: rgba(var(--right), 0.18); }
.right5 { background: rgba(var(--right), 0.225); } .right6 { background: rgba(var(--right), 0.27); } .right7 { background: rgba(var(--right), 0.315); } .right8 { background: rgba(var(--right), 0.36); }
.right9 { background: rgba(var(--right), 0.405); } .right10 { background: rgba(var(--right), 0.45); }
.wrong1 { background: rgba(var(--wrong), 0.045); } .wrong2 { background: rgba(var(--wrong), 0.09); } .wrong3 { background: rgba(var(--wrong), 0.135); } .wrong4 { background: rgba(var(--wrong), 0.18); }
.wrong5 { background: rgba(var(--wrong), 0.225); } .wrong6 { background: rgba(var(--wrong), 0.27); } .wrong7 { background: rgba(var(--wrong), 0.315); } .wrong8 { background: rgba(var(--wrong), 0.36); }
.wrong9 { background: rgba(var(--wrong), 0.405); } .wrong10 { background: rgba(var(--wrong), 0.45); }
.example { border-top: 1px solid var(--line); padding: .9rem 0 .4rem; margin-top: .9rem; }
.example dl { display: flex; flex-wrap: wrap; gap: .1rem 1.6rem; margin-bottom: .5rem; color: var(--ink); font-size: .9rem; }
.example dt { font-weight: 400; color: var(--soft); display: inline; } .example dd { margin: 0 0 0 .4rem; display: inline; font-weight: 600; }
.signal { display: block; width: 100%; height: 110px; background: var(--ecg-paper); border-bottom: 1px solid var(--paper); }
.times { display: block; width: 100%; height: 20px; }
.signal text { font-size: 12px; fill: var(--ink); } .signal .halo { stroke: var(--ecg-paper); } .signal .name { font-weight: 600; }
.signal path { fill: none; vector-effect: non-scaling-stroke; stroke-width: 1; } path.paper { stroke: var(--ecg-grid); }
.signal .trace { stroke: var(--ink); stroke-width: 1.2; stroke-linejoin: round; } .signal .scale { stroke: var(--ink); stroke-width: 2; }

@media (max-width: 40rem) {
  body { padding: 1.2rem 1rem 2rem; } h1 { font-size: 1.4rem; }
  .flow > li { grid-template-columns: minmax(0, 1fr); }
  .whiskers, .whiskers tbody, .whiskers thead { display: block; }
  .whiskers tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; align-items: end; }
  .whiskers th:first-child, .whiskers .n { width: auto; } .whiskers td.drawn { grid-column: 1 / -1; grid-row: 2; }
  .whiskers td.n { white-space: normal; } .whiskers tbody tr { padding: .4rem 0 .1rem; } .whiskers thead th, .whiskers thead td { border: 0; }
  .whiskers thead td.drawn { border-bottom: 1px solid var(--line); } .whiskers tbody .strip { position: static; height: 22px; }
  .signal { height: 96px; }
}
@media print {
  @page { size: A4; margin: 16mm 14mm; }
  :root { --paper: #fff; }
  body { padding: 0; max-width: none; font-size: 10pt; } a { color: inherit; text-decoration: none; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .box { overflow: visible; } pre { white-space: pre-wrap; overflow-wrap: anywhere; } table { font-size: 8.5pt; }
  figure, .whiskers, .flow > li, .callout, tr { break-inside: avoid; } h1, h2, h3, h4, .legend, section > p { break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; } summary { color: inherit; list-style: none; font-weight: 600; }
  .grid { grid-template-columns: repeat(2, minmax(0, 1fr)); } section { margin-top: 1.4rem; }
}
)css";

}  // namespace cfm::report
