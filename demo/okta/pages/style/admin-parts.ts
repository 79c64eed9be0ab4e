/** Tables, forms, lists and badges of the control pages. */
export const ADMIN_PARTS_CSS = `
.facts {
  display: grid;
  grid-template-columns: minmax(120px, 210px) minmax(0, 1fr);
  gap: 9px 18px;
  margin: 0;
}
.facts dt {
  color: var(--ink-soft);
}
.facts dd {
  margin: 0;
  overflow-wrap: anywhere;
}
.value {
  -webkit-box-decoration-break: clone;
  box-decoration-break: clone;
  padding: 2px 6px;
  background: var(--surface-2);
  border-radius: 4px;
  overflow-wrap: anywhere;
}
.badge {
  display: inline-block;
  margin: 1px 3px 1px 0;
  padding: 1px 9px;
  border-radius: 10px;
  font-size: 13px;
  font-weight: 500;
  background: var(--surface-2);
  color: var(--ink-soft);
  border: 1px solid var(--line);
  white-space: nowrap;
}
.badge-good {
  background: var(--green-wash);
  color: var(--green);
  border-color: transparent;
}
.badge-bad {
  background: var(--red-wash);
  color: var(--red);
  border-color: transparent;
}
.badge-warn {
  background: var(--amber-wash);
  color: var(--amber);
  border-color: transparent;
}
.tabs {
  display: flex;
  gap: 4px;
  margin-bottom: 20px;
  overflow-x: auto;
  border-bottom: 1px solid var(--line);
}
.tabs a {
  padding: 8px 14px;
  color: var(--ink);
  text-decoration: none;
  white-space: nowrap;
  border-bottom: 2px solid transparent;
}
.tabs a:hover {
  background: var(--surface-2);
}
.tabs a[aria-current] {
  color: var(--blue);
  font-weight: 600;
  border-color: var(--blue);
}
.tabs + .lead {
  margin-top: 0;
}
.actions {
  display: flex;
  flex-wrap: wrap;
  gap: 8px;
  margin: 0 0 18px;
}
.panel .actions {
  margin: 12px 0 0;
}
.inline {
  display: inline-block;
}
.grid {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(220px, 1fr));
  gap: 16px;
  align-items: start;
}
.grid > .button {
  grid-column: 1 / -1;
  justify-self: start;
}
.stack {
  display: grid;
  gap: 16px;
  margin-top: 16px;
}
.panel > .stack:first-of-type {
  margin-top: 0;
}
.panel .facts ~ .stack {
  margin-top: 20px;
  padding-top: 18px;
  border-top: 1px solid var(--line);
}
.stack > .button {
  justify-self: start;
}
.line {
  display: flex;
  gap: 10px;
  align-items: end;
  margin-top: 14px;
}
td .line {
  margin: 0;
  align-items: center;
}
td .line input {
  min-height: 32px;
  padding: 3px 9px;
  min-width: 130px;
}
.line .field {
  flex: 1;
}
.rows {
  margin: 0;
  padding: 0;
  list-style: none;
}
.rows li {
  display: flex;
  flex-wrap: wrap;
  gap: 10px;
  align-items: center;
  padding: 9px 0;
  border-top: 1px solid var(--line);
}
.rows li:first-child {
  border-top: 0;
}
.rows li > :first-child {
  flex: 1 1 150px;
  min-width: 0;
  overflow-wrap: anywhere;
}
.rows small {
  color: var(--ink-soft);
}
.table-wrap {
  margin-bottom: 20px;
  overflow-x: auto;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 8px;
}
.panel .table-wrap {
  margin: 0 -20px -20px;
  border: 0;
  border-top: 1px solid var(--line);
  border-radius: 0 0 8px 8px;
}
.panel .actions + .table-wrap {
  margin-top: 20px;
}
table {
  width: 100%;
  border-collapse: collapse;
  font-size: 14px;
}
th {
  text-align: left;
  font-size: 13px;
  font-weight: 600;
  color: var(--ink-soft);
  white-space: nowrap;
}
th,
td {
  padding: 10px 16px;
  border-top: 1px solid var(--line);
  vertical-align: middle;
}
thead :is(th, td) {
  border-top: 0;
}
td .button {
  white-space: nowrap;
}
td:has(> .value) {
  min-width: 196px;
}
.person {
  text-decoration: none;
  display: inline-flex;
  gap: 10px;
  align-items: center;
  font-weight: 500;
  white-space: nowrap;
}
.person:hover {
  text-decoration: underline;
}
.nowrap {
  white-space: nowrap;
}
.wide {
  min-width: 260px;
  overflow-wrap: anywhere;
}
summary {
  cursor: pointer;
}
pre {
  max-width: 100%;
  overflow-x: auto;
  padding: 10px;
  background: var(--surface-2);
  border-radius: var(--radius);
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
.empty {
  color: var(--ink-soft);
}
.panel.trouble-group {
  padding: 0;
}
.trouble-group summary {
  display: flex;
  gap: 12px;
  align-items: center;
  padding: 14px 20px;
}
.trouble-group summary::before {
  content: "";
  width: 8px;
  height: 8px;
  border: solid var(--ink-soft);
  border-width: 0 2px 2px 0;
  transform: rotate(-45deg);
}
.trouble-group[open] summary::before {
  transform: rotate(45deg);
}
.trouble-group summary h2 {
  margin: 0;
  flex: 1;
}
.trouble-group summary > span:not(.badge) {
  color: var(--ink-soft);
}
.trouble-group ul {
  margin: 0;
  padding: 0;
  list-style: none;
}
.trouble {
  display: flex;
  gap: 20px;
  align-items: center;
  justify-content: space-between;
  padding: 12px 20px;
  border-top: 1px solid var(--line);
}
.trouble.on {
  background: var(--amber-wash);
}
.trouble p {
  color: var(--ink-soft);
  font-size: 14px;
}
.trouble code {
  color: var(--ink-soft);
  font-size: 12px;
}
.cause {
  display: flex;
  gap: 8px;
  flex: none;
}
.cause input,
.cause select {
  width: auto;
  min-height: 32px;
  padding: 2px 8px;
  font-size: 13px;
}
.cause input {
  width: 200px;
}
`;
