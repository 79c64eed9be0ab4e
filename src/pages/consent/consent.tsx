import type { ReactNode } from 'react';

import { Hidden, type HiddenValues, SubmitButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { requireHref, safeHref } from '../href.js';
import { displayName } from '../text.js';
import { PermissionList, type Permission } from './permission-list.js';
import { consentStrings as strings } from './strings.js';

/** The page that asks a person whether an application may use the account (B14). */
export interface ConsentModel {
  readonly action: string;
  readonly hidden?: HiddenValues;
  readonly permissions: readonly Permission[];
  readonly signedInAs?: string | undefined;
  readonly useAnotherHref?: string | undefined;
  /** Host of the address that gets the answer, so that a false application shows itself. */
  readonly returnsToHost?: string | undefined;
}

/** The form's field and its two values. */
export const CONSENT_FIELD = 'decision';
export type ConsentDecision = 'allow' | 'deny';

/**
 * Renders the consent page: a form that posts `decision=allow` or `decision=deny`.
 * @throws DomainError `invalid_argument` when `action` is no address that a form may carry
 */
export function renderConsent(frame: Frame, model: ConsentModel): string {
  const content = <Consent frame={frame} model={model} action={requireHref(model.action)} />;
  return renderDocument(frame, { title: strings.title, content });
}

interface Props {
  readonly frame: Frame;
  readonly model: ConsentModel;
  readonly action: string;
}

function Consent({ frame, model, action }: Props): ReactNode {
  const names = { application: frame.applicationName, tenant: frame.brand.tenantName };
  const host = displayName(model.returnsToHost ?? '', 253);
  return (
    <>
      <h1>
        <Words of={strings.heading} names={names} />
      </h1>
      <SignedIn model={model} />
      <h2 className="lead">
        <Words of={strings.intro} names={names} />
      </h2>
      <PermissionList permissions={model.permissions} />
      <p className="muted small">
        {host === '' ? null : (
          <>
            <Words of={strings.returnsTo} names={{ host }} />{' '}
          </>
        )}
        {strings.withdraw}
      </p>
      <form className="stack" action={action} method="post">
        <Hidden values={model.hidden} />
        <SubmitButton primary name={CONSENT_FIELD} value={'allow' satisfies ConsentDecision}>
          {strings.allowButton}
        </SubmitButton>
        <SubmitButton name={CONSENT_FIELD} value={'deny' satisfies ConsentDecision}>
          {strings.denyButton}
        </SubmitButton>
      </form>
    </>
  );
}

function SignedIn({ model }: { readonly model: ConsentModel }): ReactNode {
  if (displayName(model.signedInAs ?? '') === '') return null;
  const another = safeHref(model.useAnotherHref ?? '');
  return (
    <p className="who muted">
      <span>
        <Words of={strings.signedInAs} names={{ account: model.signedInAs }} />
      </span>
      {another === undefined ? null : <a href={another}>{strings.notYou}</a>}
    </p>
  );
}
