import { type Accent, type AccentShade, SURFACES } from './accent.js';

const accentTokens = (shade: AccentShade): string =>
  `--accent: ${shade.accent}; --on-accent: ${shade.onAccent}; --accent-hover: ${shade.hover};`;

const surfaceTokens = (tones: (typeof SURFACES)['light' | 'dark']): string =>
  `--page: ${tones.page}; --surface: ${tones.surface}; --ink: ${tones.ink};`;

/**
 * The one stylesheet. Colours are tokens with a value per scheme; sizes are in rem, so that zoomed text moves
 * everything; what can be clicked is at least 44 px high; nothing has a fixed width.
 */
export function cssOf(accent: Accent): string {
  return squeeze(`${tokens(accent)}${FRAME}${CONTENT}${CONTROLS}${DETAILS}${NARROW}`);
}

/** Comments, indents and line ends dropped: a page with its stylesheet stays below 10 KiB. */
function squeeze(css: string): string {
  return css
    .replace(/\/\*[^]*?\*\//gu, '')
    .replace(/\n\s*/gu, '')
    .replace(/: /gu, ':')
    .replace(/ \{ ?/gu, '{')
    .replace(/; ?\}|\s\}/gu, '}')
    .replace(/; /gu, ';');
}

function tokens(accent: Accent): string {
  return `
:root {
  color-scheme: light dark;
  ${surfaceTokens(SURFACES.light)} ${accentTokens(accent.light)}
  --muted: #565e6a; --line: #dde1e6; --rim: #c3c9d1; --edge: #7d8591; --well: #f1f3f5;
  --bad: #a4261c; --bad-well: #fcefed; --good: #1a6b41; --good-well: #e9f5ee;
  --shade: 0 1px 2px rgb(20 30 40 / .05), 0 12px 32px -12px rgb(20 30 40 / .14);
}
@media (prefers-color-scheme: dark) {
  :root {
    ${surfaceTokens(SURFACES.dark)} ${accentTokens(accent.dark)}
    --muted: #a5adb8; --line: #2c323a; --rim: #454d58; --edge: #717a87; --well: #22272f;
    --bad: #ff9f95; --bad-well: #33201f; --good: #7ed3a1; --good-well: #1a2e23;
    --shade: none;
  }
}`;
}

const FRAME = `
*, ::before, ::after { box-sizing: border-box; }
html {
  font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  -webkit-text-size-adjust: 100%;
}
body {
  margin: 0; min-height: 100vh; padding: clamp(1.5rem, 11vh, 7rem) 1rem 3rem;
  background: var(--page); color: var(--ink); overflow-wrap: anywhere;
}
header, main { width: 100%; max-width: 27rem; margin: 0 auto; }
main {
  padding: 2rem; background: var(--surface); border: 1px solid var(--line); border-radius: 1rem;
  box-shadow: var(--shade);
}
.wide header, .wide main { max-width: 42rem; }
header {
  display: flex; align-items: center; gap: .75rem; padding: 0 .25rem 1.25rem; font-weight: 600;
  line-height: 1.3;
}
.mark {
  flex: none; display: grid; place-items: center; width: 2rem; height: 2rem; border-radius: .5rem;
  background: var(--accent); color: var(--on-accent); line-height: 1;
}`;

const CONTENT = `
h1 {
  margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; font-weight: 650; letter-spacing: -.012em;
  text-wrap: balance;
}
h2 { margin: 2rem 0 .5rem; font-size: 1.0625rem; line-height: 1.4; }
p { margin: 0 0 .75rem; text-wrap: pretty; }
a { color: var(--accent); text-underline-offset: .15em; }
a:hover { color: var(--accent-hover); text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .25rem; }
.muted { color: var(--muted); }
.small { font-size: .9375rem; }
.icon {
  flex: none; width: 1.5rem; height: 1.5rem; fill: none; stroke: currentColor; stroke-width: 1.75;
  stroke-linecap: round; stroke-linejoin: round;
}
.badge {
  display: grid; place-items: center; width: 3rem; height: 3rem; margin-bottom: 1rem; border-radius: 50%;
  background: var(--well); color: var(--muted);
}
.badge.bad { background: var(--bad-well); color: var(--bad); }
.badge.good { background: var(--good-well); color: var(--good); }
ul { margin: 0 0 1rem; padding: 0; list-style: none; }`;

const CONTROLS = `
.stack { display: grid; gap: .75rem; margin-top: 1.5rem; }
.button {
  display: flex; align-items: center; justify-content: center; width: 100%; min-height: 3rem;
  padding: .625rem 1.25rem; border: 1px solid var(--rim); border-radius: .625rem; background: none;
  color: var(--ink); font: inherit; font-weight: 600; line-height: 1.3; text-align: center;
  text-decoration: none; cursor: pointer;
}
.button:hover { background: var(--well); color: var(--ink); text-decoration: none; }
.button.primary { border-color: transparent; background: var(--accent); color: var(--on-accent); }
.button.primary:hover { background: var(--accent-hover); }
.button:focus-visible, .choice:focus-visible { border-radius: .625rem; }
label { display: block; margin-bottom: .375rem; font-weight: 600; }
input {
  width: 100%; min-height: 3rem; padding: .625rem .875rem; border: 1px solid var(--edge);
  border-radius: .625rem; background: var(--surface); color: inherit; font: inherit;
}
input:focus-visible { outline-offset: 0; border-radius: .625rem; }
[aria-invalid] { border-color: var(--bad); box-shadow: inset 0 0 0 1px var(--bad); }
.fault { display: flex; gap: .5rem; margin: 0 0 .5rem; color: var(--bad); font-weight: 500; }
.fault .icon, .choice .icon { width: 1.25rem; height: 1.5rem; }
.alert { margin: 1.25rem 0; padding: .875rem 1rem; border-radius: .625rem; background: var(--bad-well); }
.alert .fault, .alert p { margin: 0; }
.choices { margin: 1.25rem 0 0; display: grid; gap: .625rem; }
.choice {
  display: flex; align-items: center; gap: .75rem; min-height: 3.5rem; padding: .625rem 1rem;
  border: 1px solid var(--rim); border-radius: .625rem; color: var(--ink); font-weight: 600;
  text-decoration: none;
}
.choice:hover { background: var(--well); color: var(--ink); text-decoration: none; }
.choice > span { flex: 1; }
.choice small, .check small { display: block; color: var(--muted); font-size: .9375rem; font-weight: 400; }
.away { margin: 1rem 0 0; }
.away a, .who a { display: inline-block; padding: .625rem 0; }`;

const DETAILS = `
.lead { margin: 1.25rem 0 .5rem; font-size: 1rem; font-weight: 400; }
.grants li { display: flex; gap: .75rem; padding: .5rem 0; border-top: 1px solid var(--line); }
.grants .icon { width: 1.25rem; color: var(--muted); }
.stack.flush { margin: 0; }
.who { display: flex; flex-wrap: wrap; align-items: center; gap: 0 .5rem; margin: .5rem 0 0; }
.quote { margin: 1rem 0; padding: .125rem 0 .125rem 1rem; border-left: 3px solid var(--line); }
.quote blockquote { margin: .125rem 0 0; }
.facts {
  display: grid; grid-template-columns: auto 1fr; gap: .25rem 1.25rem; margin: 1.5rem 0 0;
  padding-top: 1.25rem; border-top: 1px solid var(--line); font-size: .9375rem;
}
.facts dt { color: var(--muted); }
.facts dd { margin: 0; }
code { font: .9375rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; user-select: all; }
pre {
  margin: .5rem 0 1.25rem; padding: .75rem 1rem; border-radius: .625rem; background: var(--well);
  white-space: pre-wrap;
}
.check { display: flex; gap: .75rem; padding: .625rem 0; border-top: 1px solid var(--line); }
.check > span + span { flex: 1; }
.check > strong { font-weight: 600; }
.ok { color: var(--good); }
.failing { color: var(--bad); }`;

/** On a phone the card is the page. */
const NARROW = `
@media (max-width: 30rem) {
  body { padding: 1.25rem 1.25rem 3rem; background: var(--surface); }
  header { padding: 0 0 2rem; }
  main { padding: 0; border: 0; background: none; box-shadow: none; }
}
@media (forced-colors: active) {
  .mark, .badge, .alert, pre { border: 1px solid; }
  .button.primary { border: 2px solid; }
}`;
