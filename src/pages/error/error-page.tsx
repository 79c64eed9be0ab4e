import type { ReactNode } from 'react';

import { Badge, LinkButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { safeHref } from '../href.js';
import { displayName, fill, formatDuration, formatInstant, type Names, QUOTE_CHARS_MAX } from '../text.js';
import {
  type ErrorAction,
  errorStrings as strings,
  type ErrorReason,
  type ReasonWords,
  reasonStrings,
} from './strings.js';

/**
 * A page that says what happened, what to do, and the reference that finds the log line and the audit event.
 */
export interface ErrorModel {
  readonly reason: ErrorReason;
  /** Where it isn't the frame's. */
  readonly applicationName?: string | undefined;
  readonly tenantName?: string | undefined;
  readonly connectionName?: string | undefined;
  readonly signedInAs?: string | undefined;
  /** `cw-XXXX-XXXX`, from `Ids.reference`. */
  readonly reference: string;
  readonly at: Date;
  /** Addresses of the buttons. Only those that help with this reason are shown. */
  readonly actions?: Readonly<Partial<Record<ErrorAction, string | undefined>>>;
  /** Back to the application, which is told the error: for every reason, where there is an application waiting. */
  readonly backHref?: string | undefined;
  /** What the upstream did, where the fault lies there: its words stand in place of the reason's. */
  readonly okta?: UpstreamFault | undefined;
  /** What is wrong with a request, for whoever sent it; shown with `bad_request` and `app_misconfigured`. */
  readonly detail?: string | undefined;
  /** How long to wait after too many tries; 30 seconds when not given. */
  readonly retryAfterSeconds?: number | undefined;
}

/** An upstream's failure, as a page tells it. */
export interface UpstreamFault {
  /** What the cause means to the person; the reason's heading stands where it has none. */
  readonly told: Partial<Pick<ReasonWords, 'heading'>> & Pick<ReasonWords, 'what' | 'whatToDo'>;
  /**
   * The upstream's `error_description`: shown as text, marked as its words, at most 300 characters.
   */
  readonly said?: string | undefined;
}

/** HTTP status of the page of this reason. */
export function errorStatus(reason: ErrorReason): number {
  return reasonStrings[reason].status;
}

/**
 * Renders the page of a refused or failed sign-in. The admin's way to mend it stands in the log, never here.
 */
export function renderError(frame: Frame, model: ErrorModel): string {
  const names: Names = {
    account: model.signedInAs,
    application: model.applicationName ?? frame.applicationName,
    connection: model.connectionName,
    tenant: model.tenantName ?? frame.brand.tenantName,
    wait: formatDuration(model.retryAfterSeconds ?? 30),
  };
  const heading = toldBy(model).heading;
  return renderDocument(
    { ...frame, applicationName: names['application'] },
    { title: fill(heading, names), error: true, content: <ErrorPage model={model} names={names} /> },
  );
}

/** The reason's words, and over them the diagnosis's where the upstream is at fault. */
function toldBy(model: ErrorModel): Pick<ReasonWords, 'heading' | 'what' | 'whatToDo'> {
  const words = reasonStrings[model.reason];
  return model.okta === undefined ? words : { heading: words.heading, ...model.okta.told };
}

interface Props {
  readonly model: ErrorModel;
  readonly names: Names;
}

function ErrorPage({ model, names }: Props): ReactNode {
  const told = toldBy(model);
  return (
    <>
      <Badge name={reasonStrings[model.reason].icon} tone="bad" />
      <h1>
        <Words of={told.heading} names={names} />
      </h1>
      <p>
        <Words of={told.what} names={names} /> <Words of={told.whatToDo} names={names} />
      </p>
      <Quotes model={model} names={names} />
      <SignedIn model={model} names={names} />
      <Actions model={model} names={names} />
      <dl className="facts">
        <dt>{strings.reference}</dt>
        <dd>
          <code>{displayName(model.reference)}</code>
        </dd>
        <dt>{strings.time}</dt>
        <dd>
          <time dateTime={model.at.toISOString()}>{formatInstant(model.at)}</time>
        </dd>
      </dl>
    </>
  );
}

/** Others' words, marked as theirs. */
function Quotes({ model, names }: Props): ReactNode {
  const said = displayName(model.okta?.said ?? '', QUOTE_CHARS_MAX);
  const takesDetail = model.reason === 'bad_request' || model.reason === 'app_misconfigured';
  const detail = takesDetail ? displayName(model.detail ?? '', QUOTE_CHARS_MAX) : '';
  return (
    <>
      {said === '' ? null : <Quote caption={strings.theirWords} names={names} text={said} />}
      {detail === '' ? null : <Quote caption={strings.detail} names={names} text={detail} />}
    </>
  );
}

function Quote(props: { readonly caption: string; readonly names: Names; readonly text: string }): ReactNode {
  return (
    <figure className="quote">
      <figcaption className="muted small">
        <Words of={props.caption} names={props.names} />
      </figcaption>
      <blockquote>
        <bdi>{props.text}</bdi>
      </blockquote>
    </figure>
  );
}

function SignedIn({ model, names }: Props): ReactNode {
  if (displayName(model.signedInAs ?? '') === '') return null;
  const another = safeHref(model.actions?.useAnother ?? '');
  return (
    <p className="who muted">
      <span>
        <Words of={strings.signedInAs} names={names} />
      </span>
      {another === undefined ? null : <a href={another}>{strings.notYou}</a>}
    </p>
  );
}

function Actions({ model, names }: Props): ReactNode {
  const offered = reasonStrings[model.reason].actions.flatMap(([action, label]) => {
    const href = safeHref(model.actions?.[action] ?? '');
    return href === undefined ? [] : [{ href, label }];
  });
  const back = displayName(names['application'] ?? '') === '' ? undefined : safeHref(model.backHref ?? '');
  if (offered.length === 0 && back === undefined) return null;
  return (
    <div className="stack">
      {offered.map(({ href, label }, index) => (
        <LinkButton key={label} href={href} primary={index === 0}>
          {label}
        </LinkButton>
      ))}
      {back === undefined ? null : (
        <LinkButton href={back} primary={offered.length === 0}>
          <Words of={strings.back} names={names} />
        </LinkButton>
      )}
    </div>
  );
}
