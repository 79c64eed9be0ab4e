import type { ReactNode } from 'react';

import { Icon } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { safeHref } from '../href.js';
import { displayName, formatDuration, QUOTE_CHARS_MAX } from '../text.js';
import { Commands } from './commands.js';
import { statusStrings as strings } from './strings.js';

export type CheckState = 'ok' | 'failing';

/** One health check. `detail` says what fails, without names of tenants, addresses or secrets. */
export interface StatusCheck {
  readonly name: string;
  readonly state: CheckState;
  readonly detail?: string | undefined;
}

/** What the status page shows to anyone: how it runs, never for whom. */
export interface StatusModel {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly database: { readonly kind: 'embedded' | 'external'; readonly state: CheckState };
  readonly checks: readonly StatusCheck[];
  readonly docsHref?: string | undefined;
}

/** Renders what stands at `/console/` until the console is there: it runs, and what to type next. */
export function renderStatus(frame: Frame, model: StatusModel): string {
  const failing = overall(model) === 'failing';
  const content = <Status model={model} />;
  return renderDocument(frame, { title: strings.title, error: failing, wide: true, content });
}

function overall(model: StatusModel): CheckState {
  const states = [model.database.state, ...model.checks.map((check) => check.state)];
  return states.includes('failing') ? 'failing' : 'ok';
}

function Status({ model }: { readonly model: StatusModel }): ReactNode {
  const state = overall(model);
  const docs = safeHref(model.docsHref ?? '');
  const database = { name: strings.databaseKinds[model.database.kind], state: model.database.state };
  return (
    <>
      <h1>{strings.headings[state]}</h1>
      <p className="muted">{strings.texts[state]}</p>
      <dl className="facts">
        <dt>{strings.version}</dt>
        <dd>
          <code>{displayName(model.version)}</code>
        </dd>
        <dt>{strings.uptime}</dt>
        <dd>{formatDuration(model.uptimeSeconds)}</dd>
      </dl>
      <h2>{strings.checksHeading}</h2>
      <ul>
        <Check check={database} label={strings.database} />
        {model.checks.map((check) => (
          <Check key={check.name} check={check} />
        ))}
      </ul>
      <h2>{strings.nextHeading}</h2>
      <Commands commands={strings.commands} />
      {docs === undefined ? null : (
        <p className="away">
          <a href={docs}>{strings.docs}</a>
        </p>
      )}
    </>
  );
}

function Check({ check, label }: { readonly check: StatusCheck; readonly label?: string }): ReactNode {
  const detail =
    label === undefined ? displayName(check.detail ?? '', QUOTE_CHARS_MAX) : displayName(check.name);
  return (
    <li className="check">
      <span className={check.state}>
        <Icon name={check.state === 'ok' ? 'tick' : 'cross'} />
      </span>
      <span>
        {label ?? displayName(check.name)}
        {detail === '' ? null : <small>{detail}</small>}
      </span>
      <strong className={check.state}>{strings.states[check.state]}</strong>
    </li>
  );
}
