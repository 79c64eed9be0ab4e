/** The end-user dashboard: rail at the left, search above, tiles. */
export const DASHBOARD_CSS = `
.dashboard {
  display: grid;
  grid-template: "rail top" auto "rail apps" 1fr / 248px 1fr;
  min-height: 100vh;
}
.rail {
  grid-area: rail;
  display: flex;
  flex-direction: column;
  background: var(--surface);
  border-right: 1px solid var(--line);
  padding: 18px 12px;
}
.rail-brand {
  padding: 0 10px 20px;
  text-decoration: none;
}
.rail nav {
  display: grid;
  gap: 2px;
  flex: 1;
  align-content: start;
}
.rail nav a {
  padding: 8px 12px;
  border-radius: var(--radius);
  color: var(--ink);
  text-decoration: none;
}
.rail nav a:hover {
  background: var(--surface-2);
}
.rail nav .here {
  background: var(--blue-wash);
  color: var(--blue);
  font-weight: 600;
}
.rail nav .sub {
  padding-left: 28px;
  font-size: 14px;
  color: var(--ink-soft);
}
.rail footer {
  padding: 12px;
  font-size: 12px;
  color: var(--ink-soft);
}
.rail em {
  font-style: normal;
}
.top {
  grid-area: top;
  display: flex;
  gap: 16px;
  align-items: center;
  justify-content: space-between;
  padding: 10px 28px;
  background: var(--surface);
  border-bottom: 1px solid var(--line);
}
.top-brand {
  display: none;
  text-decoration: none;
}
.top form {
  position: relative;
  flex: 1;
  max-width: 460px;
}
.top form svg {
  position: absolute;
  left: 11px;
  top: 10px;
  width: 20px;
  height: 20px;
  fill: none;
  stroke: var(--ink-soft);
  stroke-width: 2;
}
.top form input {
  padding-left: 40px;
  border-color: var(--line);
  background: var(--surface-2);
}
.user-menu {
  position: relative;
}
.user-menu summary {
  display: flex;
  gap: 10px;
  align-items: center;
  list-style: none;
  cursor: pointer;
  padding: 4px;
  border-radius: var(--radius);
}
.user-menu summary::-webkit-details-marker {
  display: none;
}
.user-menu summary span + span {
  display: grid;
  line-height: 1.25;
  font-size: 14px;
}
.user-menu small {
  color: var(--ink-soft);
}
.user-menu summary .logo {
  border-radius: 50%;
}
.user-menu-panel {
  position: absolute;
  right: 0;
  top: calc(100% + 8px);
  z-index: 2;
  min-width: 240px;
  padding: 8px 0;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 8px;
  box-shadow: 0 8px 24px rgb(0 0 0 / 0.18);
}
.user-menu-panel p {
  padding: 8px 16px 12px;
  border-bottom: 1px solid var(--line);
  font-size: 14px;
  overflow-wrap: anywhere;
}
.user-menu-panel a {
  display: block;
  padding: 9px 16px;
  color: var(--ink);
  text-decoration: none;
}
.user-menu-panel a:hover {
  background: var(--surface-2);
}
.apps {
  grid-area: apps;
  padding: 28px;
}
.apps h1 {
  font-size: 24px;
  font-weight: 600;
  letter-spacing: -0.01em;
  margin-bottom: 20px;
}
.apps h2 {
  font-size: 15px;
  font-weight: 600;
  margin-bottom: 12px;
  padding-bottom: 8px;
  border-bottom: 1px solid var(--line);
}
.tiles {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(164px, 1fr));
  gap: 16px;
  margin: 0;
  padding: 0;
  list-style: none;
}
.tile {
  display: grid;
  grid-template-rows: 1fr auto;
  place-items: center;
  height: 156px;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 8px;
  box-shadow: var(--shadow);
  color: var(--ink);
  text-decoration: none;
  overflow: hidden;
}
.tile:hover {
  border-color: var(--blue);
  box-shadow: 0 4px 14px rgb(0 0 0 / 0.12);
}
.tile > span:last-child {
  width: 100%;
  padding: 10px 12px;
  border-top: 1px solid var(--line);
  background: var(--surface-2);
  text-align: center;
  font-size: 14px;
  white-space: nowrap;
  overflow: hidden;
  text-overflow: ellipsis;
}
.apps .empty {
  padding: 40px 0;
  color: var(--ink-soft);
  text-align: center;
}
@media (max-width: 760px) {
  .dashboard {
    display: block;
  }
  .rail {
    display: none;
  }
  .top {
    padding: 10px 14px;
    gap: 12px;
  }
  .top-brand {
    display: block;
  }
  .user-menu summary span + span {
    display: none;
  }
  .apps {
    padding: 20px 14px;
  }
  .tiles {
    grid-template-columns: 1fr 1fr;
    gap: 12px;
  }
  .tile {
    height: 136px;
  }
}
`;
