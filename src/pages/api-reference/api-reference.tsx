import type { ReactNode } from 'react';

import { type Frame, renderDocument } from '../frame.js';
import { apiReferenceStrings as strings } from './strings.js';

/** One operation, in words. */
export interface ReferenceOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  /** Paragraphs. */
  readonly description: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly text: string;
  }[];
  /** JSON Schema of the body, as text; undefined: none. */
  readonly body: string | undefined;
  /** JSON Schema of a success's answer, as text; undefined: none. */
  readonly answer: string | undefined;
}

/** The management API as a page for people. */
export interface ReferenceModel {
  readonly title: string;
  readonly version: string;
  readonly introduction: string;
  /** Address of the document for machines. */
  readonly documentHref: string;
  readonly groups: readonly { readonly name: string; readonly operations: readonly ReferenceOperation[] }[];
  readonly problems: readonly {
    readonly code: string;
    readonly status: number;
    readonly title: string;
    /** What to do. */
    readonly cure: string;
  }[];
}

/** Renders the reference: it stands by itself, without script and without anything from elsewhere. */
export function renderApiReference(frame: Frame, model: ReferenceModel): string {
  return renderDocument(frame, {
    title: model.title,
    wide: true,
    content: <Reference model={model} />,
  });
}

function Reference({ model }: { readonly model: ReferenceModel }): ReactNode {
  return (
    <>
      <h1>{model.title}</h1>
      <p className="muted">{model.introduction}</p>
      <p>
        <a href={model.documentHref}>{strings.document}</a> · {model.version}
      </p>
      <nav aria-label={strings.contents}>
        <ul>
          {model.groups.map(({ name }) => (
            <li key={name}>
              <a href={`#${name}`}>{name}</a>
            </li>
          ))}
          <li>
            <a href="#problems">{strings.problems}</a>
          </li>
        </ul>
      </nav>
      {model.groups.map(({ name, operations }) => (
        <section key={name} aria-labelledby={name}>
          <h2 id={name}>{name}</h2>
          {operations.map((operation) => (
            <Operation key={operation.id} operation={operation} />
          ))}
        </section>
      ))}
      <h2 id="problems">{strings.problems}</h2>
      <dl className="facts">
        {model.problems.map(({ code, status, title, cure }) => (
          <Problem key={code} code={code} text={`${status} · ${title}. ${cure}`} />
        ))}
      </dl>
    </>
  );
}

function Problem({ code, text }: { readonly code: string; readonly text: string }): ReactNode {
  return (
    <>
      <dt id={`problem-${code}`}>
        <code>{code}</code>
      </dt>
      <dd>{text}</dd>
    </>
  );
}

function Operation({ operation }: { readonly operation: ReferenceOperation }): ReactNode {
  const { id, method, path, summary, description, parameters, body, answer } = operation;
  return (
    <details id={id}>
      <summary>
        <code>
          {method} {path}
        </code>{' '}
        {summary}
      </summary>
      {description.split('\n\n').map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      {parameters.length === 0 ? null : (
        <dl className="facts">
          {parameters.map((parameter) => (
            <Parameter key={`${parameter.in} ${parameter.name}`} parameter={parameter} />
          ))}
        </dl>
      )}
      {body === undefined ? null : <Schema name={strings.body} text={body} />}
      {answer === undefined ? null : <Schema name={strings.answer} text={answer} />}
    </details>
  );
}

function Parameter({
  parameter: { name, in: place, required, text },
}: {
  readonly parameter: ReferenceOperation['parameters'][number];
}): ReactNode {
  return (
    <>
      <dt>
        <code>{name}</code>
      </dt>
      <dd>
        {place}
        {required ? `, ${strings.required}` : ''}
        {text === '' ? '' : ` · ${text}`}
      </dd>
    </>
  );
}

function Schema({ name, text }: { readonly name: string; readonly text: string }): ReactNode {
  return (
    <>
      <h3>{name}</h3>
      <pre tabIndex={0} aria-label={name}>
        <code>{text}</code>
      </pre>
    </>
  );
}
