// How the live page looks, by day and by night, on a wall and on a phone.

export const PAGE_STYLE = `
:root {
  --paper: #f6f7f9; --card: #ffffff; --ink: #1b2330; --soft: #5b6675; --line: #cfd6df; --edge: #8d99a8;
  --accent: #1f6feb; --good: #1a7f4b; --warn: #b35900; --bad: #c62828; --warn-paper: #fff1df; --bad-paper: #fdeaea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #11151b; --card: #1a2028; --ink: #e6ebf2; --soft: #9aa6b5; --line: #313b48; --edge: #66758a;
    --accent: #6ea8fe; --good: #5fd39a; --warn: #ffb454; --bad: #ff8a80; --warn-paper: #35260f; --bad-paper: #3a1a1a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem 1rem; padding: .9rem 1.25rem .3rem; }
h1 { margin: 0; font-size: 1.35rem; overflow-wrap: anywhere; }
main { padding: 0 1.25rem 2rem; display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
main.stale section, main.stale details { opacity: .55; }
.badge { padding: .1rem .6rem; border-radius: 1rem; border: 1px solid currentColor; color: var(--soft); font-size: .85rem; }
.badge.running { color: var(--good); } .badge.draining { color: var(--warn); }
.badge.failed, .badge.gone { color: var(--bad); }
#uptime { color: var(--soft); font-size: .9rem; }
button { margin-left: auto; font: inherit; font-size: .9rem; color: inherit; background: var(--card); border: 1px solid var(--edge); border-radius: .4rem; padding: .2rem .8rem; cursor: pointer; }
button[aria-pressed=true] { background: var(--accent); border-color: var(--accent); color: var(--paper); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
#banner { margin: 0; padding: .55rem .8rem; border-radius: .5rem; border-left: .35rem solid var(--good); background: var(--card); overflow-wrap: anywhere; white-space: pre-line; }
#banner.warn { border-color: var(--warn); background: var(--warn-paper); }
#banner.bad { border-color: var(--bad); background: var(--bad-paper); }
section[aria-label=Figures] { display: flex; flex-wrap: wrap; gap: .6rem 1.4rem; align-items: end; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(7.2rem, 1fr)); gap: .6rem; margin: 0; flex: 3 1 24rem; }
dl div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .35rem .6rem; }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
dd.bad { color: var(--bad); } dd.warn { color: var(--warn); }
figure { margin: 0; flex: 1 1 14rem; max-width: 22rem; }
#history { width: 100%; height: 3.4rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; display: block; }
#history polyline { fill: none; stroke: var(--accent); stroke-width: 1.6; vector-effect: non-scaling-stroke; }
figcaption { color: var(--soft); font-size: .8rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; background: var(--card); font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { text-align: left; font-weight: 600; padding: .2rem 0 .4rem; }
th, td { text-align: right; padding: .32rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 500; font-size: .82rem; }
th:first-child, td:first-child, #actors td:nth-child(2), thead th:nth-child(2), #mailboxes td:nth-child(2), #actors td:last-child, thead th.text, caption + thead th:last-child { text-align: left; }
td:first-child { font-weight: 600; }
#actors td:last-child { white-space: normal; min-width: 16rem; max-width: 40rem; overflow-wrap: anywhere; color: var(--warn); }
td.bad { color: var(--bad); } td.warn { color: var(--warn); }
summary { cursor: pointer; font-weight: 600; padding: .2rem 0; }
#graph { display: block; margin: 0 auto; height: auto; font: 12px system-ui, sans-serif; }
#graph text { fill: var(--ink); font-variant-numeric: tabular-nums; }
#graph .frame { fill: none; stroke: var(--line); stroke-width: 1.5; rx: 12px; }
#graph .frame.down { stroke: var(--bad); stroke-dasharray: 6 4; }
#graph .thread { fill: var(--soft); font-size: 11px; } #graph .thread.down { fill: var(--bad); }
#graph .box { fill: var(--card); stroke: var(--edge); stroke-width: 1.2; rx: 8px; }
#graph .box.bad { stroke: var(--bad); stroke-width: 2.4; } #graph .box.warn { stroke: var(--warn); stroke-width: 2.4; }
#graph .title { font-weight: 600; font-size: 13px; } #graph .rate { font-size: 17px; }
#graph .soft { fill: var(--soft); } #graph .bad-text { fill: var(--bad); } #graph .warn-text { fill: var(--warn); }
#graph .arrow { fill: none; stroke: var(--edge); stroke-width: 1.5; } #graph .arrow.back { stroke-dasharray: 3 4; stroke-width: 1.1; }
#graph .arrow.full { stroke: var(--bad); stroke-width: 2.6; }
#graph .trough { fill: var(--card); stroke: var(--edge); stroke-width: 1; rx: 2px; }
#graph .level { fill: var(--accent); rx: 1.5px; } #graph .level.full { fill: var(--bad); }
#graph .percent { font-size: 11px; font-weight: 600; fill: var(--bad); paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
@media (max-width: 40rem) { header, main { padding-left: .8rem; padding-right: .8rem; } dl { grid-template-columns: repeat(auto-fill, minmax(6.2rem, 1fr)); } dd { font-size: 1.02rem; } }
`
