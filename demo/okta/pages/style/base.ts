/** Colours, type and the few controls that all pages share. Light and dark follow the system. */
export const BASE_CSS = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1d1d21, #f0f0f3);
  --ink-soft: light-dark(#5e5e69, #b3b3bd);
  --ground: light-dark(#f4f5f7, #101114);
  --surface: light-dark(#ffffff, #1b1c21);
  --surface-2: light-dark(#f7f8fa, #24262c);
  --line: light-dark(#d9dbe0, #363941);
  --line-strong: light-dark(#8c8c96, #75777f);
  --blue: light-dark(#1662dd, #6ba2ff);
  --blue-fill: light-dark(#1662dd, #2b6fe0);
  --blue-fill-hover: light-dark(#124a94, #4181ea);
  --blue-wash: light-dark(#e8f0fe, #17294a);
  --red: light-dark(#c4291c, #ff8f85);
  --red-wash: light-dark(#fdeceb, #3f1d1b);
  --green: light-dark(#12703b, #6fd69b);
  --green-wash: light-dark(#e4f6ec, #14341f);
  --amber: light-dark(#8a5300, #ffc36b);
  --amber-wash: light-dark(#fff3dc, #3a2a0d);
  --radius: 6px;
  --shadow: light-dark(0 1px 3px rgb(29 29 33 / 0.1), 0 1px 3px rgb(0 0 0 / 0.5));
}
* {
  box-sizing: border-box;
}
html {
  -webkit-text-size-adjust: 100%;
}
body {
  margin: 0;
  background: var(--ground);
  color: var(--ink);
  font:
    400 15px/1.5 Inter,
    "Helvetica Neue",
    "Segoe UI",
    Roboto,
    Arial,
    sans-serif;
}
h1,
h2,
h3,
p {
  margin: 0;
}
a {
  color: var(--blue);
}
code,
pre,
.mono {
  font:
    13px/1.5 "SF Mono",
    "Roboto Mono",
    Consolas,
    "DejaVu Sans Mono",
    monospace;
}
:focus-visible {
  outline: 2px solid var(--blue);
  outline-offset: 2px;
  border-radius: 3px;
}
.visually-hidden {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
button,
input,
select,
textarea {
  font: inherit;
  color: inherit;
}
input:not([type="checkbox"], [type="radio"]),
select,
textarea {
  width: 100%;
  min-height: 40px;
  padding: 7px 11px;
  background: var(--surface);
  border: 1px solid var(--line-strong);
  border-radius: var(--radius);
}
input:focus,
select:focus,
textarea:focus {
  outline: 2px solid var(--blue);
  outline-offset: -1px;
  border-color: var(--blue);
}
input[type="checkbox"],
input[type="radio"] {
  width: 17px;
  height: 17px;
  margin: 0;
  accent-color: var(--blue-fill);
  flex: none;
}
.button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  min-height: 40px;
  padding: 7px 16px;
  border: 1px solid transparent;
  border-radius: var(--radius);
  font-weight: 600;
  text-decoration: none;
  cursor: pointer;
}
.button-primary {
  background: var(--blue-fill);
  color: #fff;
}
.button-primary:hover {
  background: var(--blue-fill-hover);
}
.button-quiet {
  background: var(--surface);
  color: var(--ink);
  border-color: var(--line-strong);
}
.button-quiet:hover {
  background: var(--surface-2);
}
.button-danger {
  background: var(--surface);
  color: var(--red);
  border-color: var(--red);
}
.button-danger:hover {
  background: var(--red-wash);
}
.button-small {
  min-height: 32px;
  padding: 3px 11px;
  font-size: 13px;
}
.link {
  padding: 0;
  border: 0;
  background: none;
  color: var(--blue);
  text-decoration: underline;
  cursor: pointer;
}
.field {
  display: block;
}
.field > span {
  display: block;
  margin-bottom: 6px;
  font-weight: 600;
  font-size: 14px;
}
.field > small {
  display: block;
  margin-top: 4px;
  color: var(--ink-soft);
}
.check {
  display: flex;
  gap: 9px;
  align-items: center;
}
.logo {
  display: inline-grid;
  place-items: center;
  width: 28px;
  height: 28px;
  border-radius: 7px;
  flex: none;
  color: #fff;
  font-weight: 700;
  font-size: 15px;
  background: var(--hue);
}
.logo-large {
  width: 52px;
  height: 52px;
  border-radius: 12px;
  font-size: 24px;
}
.hue-0 {
  --hue: #1662dd;
}
.hue-1 {
  --hue: #7b3fe4;
}
.hue-2 {
  --hue: #00756f;
}
.hue-3 {
  --hue: #b3361f;
}
.hue-4 {
  --hue: #a3326e;
}
.hue-5 {
  --hue: #3d5a1e;
}
.brand {
  display: inline-flex;
  gap: 10px;
  align-items: center;
  font-weight: 700;
  font-size: 19px;
  letter-spacing: -0.01em;
  color: var(--ink);
}
.callout {
  margin-bottom: 20px;
  padding: 11px 14px;
  border: 1px solid;
  border-radius: var(--radius);
  font-size: 14px;
}
.callout-error {
  color: var(--red);
  background: var(--red-wash);
  border-color: var(--red);
}
`;
