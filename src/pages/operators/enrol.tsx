import type { ReactNode } from 'react';

import { Fault, SubmitButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { requireHref, safeHref } from '../href.js';
import { fill } from '../text.js';
import { Field, FIELDS, PasskeyForm, passkeyScriptHref } from './form-parts.js';
import { enrolStrings as strings } from './strings.js';

export type EnrolFault = keyof typeof strings.faults;

/** The page on which somebody makes their way in, behind a one-time link. */
export interface EnrolModel {
  readonly kind: 'first_run' | 'enrolment';
  readonly action: string;
  /** The account's name; undefined: the person chooses one. */
  readonly account: string | undefined;
  /** What was typed as the name before. */
  readonly typedName?: string | undefined;
  /** Options of `navigator.credentials.create`; absent on the page for password and code. */
  readonly passkey?: object | undefined;
  /** The seed of one-time codes; absent on the page for a passkey. */
  readonly seed?: string | undefined;
  readonly otherHref: string | undefined;
  readonly fault?: EnrolFault | undefined;
  readonly waitSeconds?: number;
}

/**
 * Renders the page.
 * @throws DomainError `invalid_argument` when `action` is no address that a form may carry
 */
export function renderEnrol(frame: Frame, model: EnrolModel): string {
  return renderDocument(frame, {
    title: strings.title,
    error: model.fault !== undefined,
    scriptHref: model.passkey === undefined ? undefined : passkeyScriptHref(frame),
    content: <Enrol model={model} action={requireHref(model.action)} />,
  });
}

/** Faults of the field that they stand at; others are of the whole page. */
const AT_NAME: readonly EnrolFault[] = ['user_name', 'user_name_taken'];
const AT_PASSWORD: readonly EnrolFault[] = ['too_short', 'too_long', 'unreadable', 'is_user_name'];
const AT_CODE: readonly EnrolFault[] = ['code'];

function faultAt(model: EnrolModel, field: readonly EnrolFault[]): string | undefined {
  const { fault } = model;
  return fault !== undefined && field.includes(fault) ? strings.faults[fault] : undefined;
}

function Enrol({ model, action }: { readonly model: EnrolModel; readonly action: string }): ReactNode {
  const { fault, passkey } = model;
  const atField = [...AT_NAME, ...AT_PASSWORD, ...AT_CODE];
  const other = safeHref(model.otherHref ?? '');
  return (
    <>
      <h1>
        <Words of={strings.headings[model.kind]} names={{ account: model.account }} />
      </h1>
      <p className="muted">{strings.intros[model.kind]}</p>
      {fault === undefined || atField.includes(fault) ? null : (
        <div className="alert" role="alert">
          <Fault text={fill(strings.faults[fault], { seconds: String(model.waitSeconds ?? 2) })} />
        </div>
      )}
      {passkey === undefined ? (
        <PasswordForm model={model} action={action} />
      ) : (
        <>
          <p>{strings.passkeyIntro}</p>
          <PasskeyForm
            action={action}
            ceremony="create"
            options={passkey}
            button={strings.passkeyButton}
            words={strings}
          >
            <UserName model={model} />
          </PasskeyForm>
        </>
      )}
      {other === undefined ? null : (
        <p className="away">
          <a href={other}>{passkey === undefined ? strings.passkeyInstead : strings.passwordInstead}</a>
        </p>
      )}
    </>
  );
}

/** The name that the first owner chooses; others have theirs. */
function UserName({ model }: { readonly model: EnrolModel }): ReactNode {
  if (model.account !== undefined) return null;
  return (
    <Field
      id={FIELDS.userName}
      label={strings.userName}
      autoComplete="username"
      maxLength={100}
      fault={faultAt(model, AT_NAME)}
      value={model.typedName}
      autoFocus
    />
  );
}

function PasswordForm({ model, action }: { readonly model: EnrolModel; readonly action: string }): ReactNode {
  const { seed = '', account } = model;
  return (
    <form className="stack" action={action} method="post">
      <UserName model={model} />
      {account === undefined ? null : (
        // For password managers: whose password it is.
        <input type="text" autoComplete="username" value={account} readOnly hidden />
      )}
      <Field
        id={FIELDS.password}
        label={strings.password}
        type="password"
        autoComplete="new-password"
        hint={strings.passwordHint}
        fault={faultAt(model, AT_PASSWORD)}
      />
      <div>
        <p>{strings.seedIntro}</p>
        <pre>
          <code>{seed.replace(/(.{4})(?=.)/gu, '$1 ')}</code>
        </pre>
      </div>
      <Field
        id={FIELDS.code}
        label={strings.code}
        autoComplete="one-time-code"
        maxLength={20}
        fault={faultAt(model, AT_CODE)}
      />
      <SubmitButton primary>{strings.continueButton}</SubmitButton>
    </form>
  );
}
