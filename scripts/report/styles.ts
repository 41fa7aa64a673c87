/** Style of the report page, for light and dark screens and for paper. */
export const STYLES = `
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --card: #ffffff; --text: #1d2126; --muted: #66707a; --line: #e3e5e4; --track: #eef0ef;
  --payer: #7b8794; --service: #3d6fc9; --operator: #d07a2d; --staker: #b5544a; --agent: #8459c9; --model: #178f95;
  --datanet: #3c9150; --contributor: #c24a7d; --builder: #a98314; --protocol: #84705f; --good: #2d7d46; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1c2024; --text: #e6e8ea; --muted: #98a2ac; --line: #2d3339; --track: #262b30;
    --payer: #8f9ba8; --service: #6d9bea; --operator: #e79a52; --staker: #e08a80; --agent: #a983e6; --model: #3cb6bb;
    --datanet: #63b878; --contributor: #e377a4; --builder: #cfaa3d; --protocol: #a8937f; --good: #6cc48a; --bad: #f2857c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1300px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 0 0 4px; }
p { margin: 0 0 12px; max-width: 78ch; }
.lead, .note { color: var(--muted); }
.note { font-size: 13.5px; }
section, .tiles > div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
section { padding: 22px 24px; margin-top: 20px; overflow-x: auto; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 14px; margin-top: 24px; }
.tiles > div { padding: 14px 18px; }
.tiles b { display: block; font-size: 25px; line-height: 1.25; font-weight: 650; }
.tiles span { color: var(--muted); font-size: 13.5px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(480px, 1fr)); gap: 20px; }
.columns section { margin-top: 20px; }
.columns + .columns section, .columns section + section { margin-top: 20px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { padding: 5px 14px 5px 0; text-align: left; vertical-align: middle; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
th { color: var(--muted); font-weight: 500; border-bottom: 1px solid var(--line); }
tr + tr td { border-top: 1px solid var(--track); }
.number { text-align: right; }
.wide { width: 38%; min-width: 160px; }
.bar { display: block; height: 10px; border-radius: 2px; background: var(--contributor); min-width: 1px; }
.stack { display: flex; height: 30px; border-radius: 5px; overflow: hidden; gap: 2px; margin: 14px 0 10px; }
.stack span { min-width: 2px; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 22px; padding: 0; margin: 0; list-style: none; font-size: 14px; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 7px; }
.sankey { width: 100%; min-width: 980px; height: auto; display: block; margin-top: 8px; }
.sankey .links path { fill: none; stroke-opacity: 0.32; }
.sankey .links path:hover { stroke-opacity: 0.65; }
.sankey text {
  font-size: 12.5px; fill: var(--text); dominant-baseline: central;
  paint-order: stroke; stroke: var(--card); stroke-width: 3.5px; stroke-linejoin: round;
}
.sankey .amount { fill: var(--muted); }
.equation { display: flex; flex-wrap: wrap; gap: 8px 18px; align-items: baseline; margin: 14px 0; }
.equation div { display: flex; flex-direction: column; }
.equation b { font-size: 17px; font-weight: 600; }
.equation span { color: var(--muted); font-size: 13.5px; }
.equation i { font-style: normal; color: var(--muted); font-size: 20px; }
.output { max-width: none; line-height: 1.7; margin: 14px 0 0; }
mark { background: var(--track); color: inherit; border-radius: 3px; padding: 1px 3px; }
mark[style] { background: hsl(var(--hue) 65% 50% / 0.32); }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
code { font: 12.5px/1.4 ui-monospace, "Cascadia Mono", Menlo, "Liberation Mono", monospace; color: var(--muted); }
footer { color: var(--muted); font-size: 13.5px; margin-top: 28px; }
@media (max-width: 620px) { .columns { grid-template-columns: 1fr; } main { padding: 24px 14px; } }
@media print {
  section { break-inside: avoid; overflow: visible; } body { background: none; print-color-adjust: exact; } .sankey { min-width: 0; }
}
`;
