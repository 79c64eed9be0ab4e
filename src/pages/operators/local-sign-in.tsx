import type { ReactNode } from 'react';

import { Fault, LinkButton, SubmitButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { requireHref, safeHref } from '../href.js';
import type { Choice } from '../sign-in/chooser.js';
import { fill } from '../text.js';
import { Field, FIELDS, PasskeyForm, passkeyScriptHref } from './form-parts.js';
import { localSignInStrings as strings } from './strings.js';

/** What came of a try: told alike, whatever was wrong. */
export type LocalSignInFault = keyof typeof strings.faults;

/** The page on which a local account signs in, or proves again whose it is. */
export interface LocalSignInModel {
  readonly during: 'sign_in' | 'step_up';
  readonly action: string;
  /** Options of `navigator.credentials.get`; absent on the page for password and code. */
  readonly passkey?: object | undefined;
  /** Address of the same page with the other way; undefined: there is none. */
  readonly otherHref: string | undefined;
  /** Ways through the organization, offered first. */
  readonly connections?: readonly Choice[];
  /** Only accounts for an emergency may sign in here. */
  readonly breakGlassOnly?: boolean;
  /** Who is signed in already; undefined at a sign-in. */
  readonly account?: string | undefined;
  readonly fault?: LocalSignInFault | undefined;
  /** How long to wait, with the fault `too_many`. */
  readonly waitSeconds?: number;
}

/**
 * Renders the page.
 * @throws DomainError `invalid_argument` when `action` is no address that a form may carry
 */
export function renderLocalSignIn(frame: Frame, model: LocalSignInModel): string {
  return renderDocument(frame, {
    title: strings.title,
    error: model.fault !== undefined,
    scriptHref: model.passkey === undefined ? undefined : passkeyScriptHref(frame),
    content: <LocalSignIn frame={frame} model={model} action={requireHref(model.action)} />,
  });
}

function LocalSignIn(props: {
  readonly frame: Frame;
  readonly model: LocalSignInModel;
  readonly action: string;
}): ReactNode {
  const { model, action } = props;
  const { applicationName, brand } = props.frame;
  const names = { tenant: applicationName ?? brand.tenantName, account: model.account };
  const other = safeHref(model.otherHref ?? '');
  const seconds = String(model.waitSeconds ?? 30);
  return (
    <>
      <h1>
        <Words of={strings.headings[model.during]} names={names} />
      </h1>
      <p className="muted">
        <Words of={strings.intros[model.during]} names={names} />
      </p>
      {model.fault === undefined ? null : (
        <div className="alert" role="alert">
          <Fault text={fill(strings.faults[model.fault], { seconds })} />
        </div>
      )}
      <Connections choices={model.connections ?? []} />
      {model.passkey === undefined ? (
        <PasswordForm action={action} model={model} />
      ) : (
        <PasskeyForm
          action={action}
          ceremony="get"
          options={model.passkey}
          button={strings.passkeyButton}
          words={strings}
        />
      )}
      {other === undefined ? null : (
        <p className="away">
          <a href={other}>{model.passkey === undefined ? strings.passkeyInstead : strings.passwordInstead}</a>
        </p>
      )}
      <p className="muted small">
        {model.breakGlassOnly === true ? strings.breakGlassOnly : strings.breakGlass}
      </p>
    </>
  );
}

/** Links: the click leaves this origin in the end, which a form's policy would stop. */
function Connections({ choices }: { readonly choices: readonly Choice[] }): ReactNode {
  if (choices.length === 0) return null;
  return (
    <div className="stack">
      {choices.map(({ name, href }) => (
        <LinkButton key={href} href={requireHref(href)}>
          <Words of={strings.withConnection} names={{ connection: name }} />
        </LinkButton>
      ))}
    </div>
  );
}

function PasswordForm(props: { readonly action: string; readonly model: LocalSignInModel }): ReactNode {
  const { account } = props.model;
  return (
    <form className="stack" action={props.action} method="post">
      {account === undefined ? (
        <Field
          id={FIELDS.userName}
          label={strings.userName}
          autoComplete="username"
          maxLength={200}
          autoFocus
        />
      ) : (
        // For password managers, too: whose password it is.
        <input type="text" name={FIELDS.userName} autoComplete="username" value={account} readOnly hidden />
      )}
      <Field
        id={FIELDS.password}
        label={strings.password}
        type="password"
        autoComplete="current-password"
        hint={strings.passwordHint}
        optional
        autoFocus={account !== undefined}
      />
      <Field id={FIELDS.code} label={strings.code} autoComplete="one-time-code" maxLength={60} />
      <SubmitButton primary>{strings.continueButton}</SubmitButton>
    </form>
  );
}
