/** What the report of a scenario adds to the style of all reports. */
export const CHART_STYLES = `
.chart { width: 100%; height: auto; display: block; margin-top: 10px; }
.chart text { font-size: 12px; fill: var(--text); dominant-baseline: central; }
.chart .tick { fill: var(--muted); }
.chart .cell { font-size: 11.5px; pointer-events: none; }
.chart .cell.on { fill: var(--card); }
.chart .grid { stroke: var(--line); stroke-width: 1; }
.chart .equal { stroke: var(--muted); stroke-width: 1; stroke-dasharray: 4 4; }
.chart .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.chart rect:hover, .chart g:hover > rect { opacity: 0.75; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(440px, 1fr)); gap: 24px 32px; }
h3 { font-size: 14.5px; font-weight: 600; margin: 18px 0 0; }
h2 + h3, .pair h3 { margin-top: 6px; }
.scroll { max-height: 480px; overflow-y: auto; }
.scroll th { position: sticky; top: 0; background: var(--card); }
.narrow table { max-width: 720px; }
div + .note { margin-top: 10px; }
.note + .note { margin-top: -6px; }
.wrap td { white-space: normal; }
@media (max-width: 620px) { .pair { grid-template-columns: 1fr; } .chart { min-width: 560px; } }
@media print { .scroll { max-height: none; overflow: visible; } }
`;
