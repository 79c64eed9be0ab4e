/** The control pages: navigation at the left (above, on a phone), panels, tables, forms. */
export const ADMIN_CSS = `
.admin {
  display: grid;
  grid-template: "top top" auto "nav main" 1fr / 232px minmax(0, 1fr);
  min-height: 100vh;
}
.admin-top {
  grid-area: top;
  display: flex;
  justify-content: space-between;
  align-items: center;
  padding: 14px 24px;
  background: var(--surface);
  border-bottom: 1px solid var(--line);
}
.admin-top a:first-child {
  text-decoration: none;
}
.admin-top a:first-child {
  display: flex;
  gap: 12px;
  align-items: baseline;
}
.product {
  color: var(--ink-soft);
  font-size: 14px;
}
.to-apps {
  font-size: 14px;
}
.admin-nav {
  grid-area: nav;
  display: grid;
  align-content: start;
  gap: 2px;
  padding: 18px 12px;
  background: var(--surface);
  border-right: 1px solid var(--line);
}
.admin-nav a {
  display: flex;
  justify-content: space-between;
  padding: 8px 12px;
  border-radius: var(--radius);
  color: var(--ink);
  text-decoration: none;
  white-space: nowrap;
}
.admin-nav a:hover {
  background: var(--surface-2);
}
.admin-nav a[aria-current] {
  background: var(--blue-wash);
  color: var(--blue);
  font-weight: 600;
}
.count {
  padding: 0 8px;
  border-radius: 10px;
  background: var(--amber-wash);
  color: var(--amber);
  font-size: 13px;
  font-weight: 600;
}
.admin-main {
  grid-area: main;
  width: 100%;
  max-width: 1240px;
  padding: 28px;
}
.admin-main h1 {
  font-size: 26px;
  font-weight: 600;
  letter-spacing: -0.01em;
  margin-bottom: 16px;
}
.lead {
  margin: -8px 0 18px;
  color: var(--ink-soft);
  display: flex;
  flex-wrap: wrap;
  gap: 8px;
  align-items: center;
}
.notice,
.trouble-banner {
  display: flex;
  gap: 14px;
  align-items: center;
  justify-content: space-between;
  margin-bottom: 18px;
  padding: 10px 14px;
  border-radius: var(--radius);
  font-size: 14px;
}
.notice {
  background: var(--red-wash);
  color: var(--red);
}
.trouble-banner {
  background: var(--amber-wash);
  color: var(--amber);
  border: 1px solid;
  overflow-wrap: anywhere;
}
.trouble-banner .button {
  white-space: nowrap;
}
.panel {
  margin-bottom: 20px;
  padding: 20px;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 8px;
}
.panel h2 {
  font-size: 17px;
  font-weight: 600;
  margin-bottom: 14px;
}
.panel h3 {
  font-size: 14px;
  font-weight: 600;
  margin: 18px 0 8px;
}
.columns {
  display: grid;
  grid-template-columns: 1fr 1fr;
  gap: 0 20px;
  align-items: start;
}
.tallies {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(140px, 1fr));
  gap: 14px;
  margin-bottom: 20px;
}
.tally {
  display: grid;
  padding: 16px 18px;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 8px;
  color: var(--ink);
  text-decoration: none;
}
.tally:hover {
  border-color: var(--blue);
}
.tally strong {
  font-size: 28px;
  font-weight: 600;
  line-height: 1.2;
}
.tally span {
  color: var(--ink-soft);
  font-size: 14px;
}
@media (max-width: 1080px) {
  .columns {
    grid-template-columns: minmax(0, 1fr);
  }
}
@media (max-width: 760px) {
  .admin {
    display: block;
  }
  .admin-top {
    padding: 12px 16px;
  }
  .admin-nav {
    display: flex;
    overflow-x: auto;
    padding: 8px;
    border-right: 0;
    border-bottom: 1px solid var(--line);
  }
  .admin-main {
    padding: 18px 14px;
  }
  .facts {
    grid-template-columns: 1fr;
    gap: 2px;
  }
  .facts dd {
    margin-bottom: 10px;
  }
  .trouble {
    flex-direction: column;
    align-items: stretch;
    gap: 10px;
  }
  .cause {
    flex-wrap: wrap;
  }
  .cause input {
    flex: 1 1 100%;
  }
  .rows li {
    flex-wrap: wrap;
  }
}
`;
