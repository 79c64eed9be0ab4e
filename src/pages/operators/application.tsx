import type { ReactNode } from 'react';

import { type Frame, renderDocument } from '../frame.js';
import { displayName, fill } from '../text.js';
import { applicationPageStrings as strings } from './strings.js';

/** What the people who build an application need of its issuer. */
export interface ApplicationPageModel {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly snippets: readonly { readonly file: string; readonly title: string; readonly text: string }[];
}

/** Renders an application's page: issuer, endpoints, programs for common libraries (B17). */
export function renderApplicationPage(frame: Frame, model: ApplicationPageModel): string {
  const name = displayName(model.name);
  const title = fill(strings.title, { application: name });
  const settings = Object.entries(model.environment).map(([key, value]) => `${key}=${quoted(value)}`);
  const content = (
    <>
      <h1>{title}</h1>
      <Facts facts={{ [strings.issuer]: model.issuer, [strings.clientId]: model.clientId }} />
      <h2>{strings.endpoints}</h2>
      <Facts facts={model.endpoints} />
      <h2>{strings.settings}</h2>
      <p className="muted">{strings.settingsText}</p>
      <Code name={strings.settings} text={settings.join('\n')} />
      {model.snippets.length === 0 ? null : <h2>{strings.snippets}</h2>}
      {model.snippets.map((snippet) => (
        <details key={snippet.file}>
          <summary>{snippet.title}</summary>
          <Code name={snippet.title} text={snippet.text} />
        </details>
      ))}
    </>
  );
  return renderDocument(frame, { title, wide: true, content });
}

/** As a shell takes it, whatever the value holds. */
const quoted = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;

function Facts({ facts }: { readonly facts: Readonly<Record<string, string>> }): ReactNode {
  return (
    <dl className="facts">
      {Object.entries(facts).map(([name, value]) => (
        <Fact key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </>
  );
}

function Code({ name, text }: { readonly name: string; readonly text: string }): ReactNode {
  return (
    <pre tabIndex={0} aria-label={name}>
      <code>{text}</code>
    </pre>
  );
}
