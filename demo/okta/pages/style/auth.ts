/** Sign-in, consent and error pages: one card in the middle of the screen, the whole width of a phone. */
export const AUTH_CSS = `
.auth {
  min-height: 100vh;
  min-height: 100dvh;
  display: flex;
  flex-direction: column;
}
.auth-main {
  flex: 1;
  width: 100%;
  max-width: 432px;
  margin: 0 auto;
  padding: 56px 16px 24px;
}
.card {
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 8px;
  box-shadow: var(--shadow);
  padding: 0 36px 28px;
}
.card-brand {
  display: flex;
  justify-content: center;
  margin: 0 -36px 28px;
  padding: 26px 36px;
  border-bottom: 1px solid var(--line);
}
.card h1 {
  margin-bottom: 20px;
  text-align: center;
  font-size: 20px;
  line-height: 1.35;
  font-weight: 600;
}
.card form {
  display: grid;
  gap: 18px;
}
.card .button-primary {
  width: 100%;
  min-height: 44px;
}
.card .check {
  font-size: 14px;
}
.back {
  margin-top: 20px;
  font-size: 14px;
}
.chip {
  display: flex;
  gap: 8px;
  align-items: center;
  width: fit-content;
  max-width: 100%;
  margin: -6px auto 20px;
  padding: 5px 13px;
  border: 1px solid var(--line);
  border-radius: 20px;
  font-size: 14px;
}
.chip span {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}
.chip svg {
  width: 17px;
  height: 17px;
  flex: none;
  fill: none;
  stroke: var(--ink-soft);
  stroke-width: 2;
  stroke-linecap: round;
}
.hint {
  margin-bottom: 20px;
  font-size: 14px;
  color: var(--ink-soft);
  text-align: center;
}
.destination {
  margin-bottom: 22px;
  text-align: center;
  font-size: 14px;
  color: var(--ink-soft);
}
.destination .logo {
  margin: 8px 0;
}
.destination strong {
  color: var(--ink);
}
.scopes {
  margin: 0 0 22px;
  padding: 0;
  list-style: none;
  border: 1px solid var(--line);
  border-radius: var(--radius);
}
.scopes li {
  padding: 10px 14px;
  font-size: 14px;
}
.scopes li + li {
  border-top: 1px solid var(--line);
}
.card .two-buttons {
  grid-template-columns: 1fr 1fr;
  gap: 12px;
}
.samples {
  margin-top: 18px;
  text-align: center;
  font-size: 13px;
  color: var(--ink-soft);
}
.samples div {
  display: flex;
  flex-wrap: wrap;
  gap: 8px;
  justify-content: center;
  margin-top: 9px;
}
.sample {
  min-height: 32px;
  padding: 3px 13px;
  border: 1px dashed var(--line-strong);
  border-radius: 16px;
  background: none;
  cursor: pointer;
}
.sample:hover {
  border-style: solid;
  border-color: var(--blue);
  color: var(--blue);
}
.auth-footer {
  display: flex;
  flex-wrap: wrap;
  gap: 4px 20px;
  justify-content: space-between;
  padding: 14px 24px;
  font-size: 13px;
  color: var(--ink-soft);
}
.auth-footer em {
  font-style: normal;
  opacity: 0.85;
}
.error-card {
  text-align: center;
}
.error-sign {
  width: 52px;
  height: 52px;
  margin-bottom: 14px;
  fill: none;
  stroke: var(--red);
  stroke-width: 3;
  stroke-linecap: round;
}
.error-card h1 {
  margin-bottom: 8px;
}
.error-lead {
  margin-bottom: 14px;
  color: var(--ink-soft);
}
.error-text {
  margin-bottom: 24px;
  padding: 12px 14px;
  background: var(--surface-2);
  border-radius: var(--radius);
  text-align: left;
  overflow-wrap: anywhere;
  font-size: 14px;
}
@media (max-width: 480px) {
  .auth {
    background: var(--surface);
  }
  .auth-main {
    padding: 20px 4px;
  }
  .card {
    border: 0;
    box-shadow: none;
    padding: 0 20px 12px;
  }
  .card-brand {
    margin: 0 -20px 24px;
    padding: 16px 20px 22px;
  }
}
`;
