import type { ReactNode } from 'react';

import { Hidden, type HiddenValues, LinkButton, SubmitButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { requireHref } from '../href.js';
import { displayName } from '../text.js';
import { confirmStrings as strings } from './strings.js';

/** The page that asks before a session ends (OpenID Connect RP-Initiated Logout 1.0 section 2). */
export interface ConfirmSignOutModel {
  /** Where the form posts to; for oidc-provider `urlFor('end_session_confirm')`. */
  readonly action: string;
  /** For oidc-provider `{ xsrf: session.state.secret }`. */
  readonly hidden?: HiddenValues;
  /** Whether leaving the one application alone is offered: the form is then sent without `logout`. */
  readonly offerOnlyApplication?: boolean;
  /** A way back without signing out. */
  readonly stayHref?: string | undefined;
}

/**
 * Renders the question. *Sign out* posts `logout=yes`, which oidc-provider reads as the end of the whole
 * session.
 * @throws DomainError `invalid_argument` when `action` is no address that a form may carry
 */
export function renderConfirmSignOut(frame: Frame, model: ConfirmSignOutModel): string {
  const content = <Confirm frame={frame} model={model} action={requireHref(model.action)} />;
  return renderDocument(frame, { title: strings.title, content });
}

interface Props {
  readonly frame: Frame;
  readonly model: ConfirmSignOutModel;
  readonly action: string;
}

function Confirm({ frame, model, action }: Props): ReactNode {
  const application = displayName(frame.applicationName ?? '');
  const names = { application, tenant: frame.brand.tenantName };
  const offerOnly = model.offerOnlyApplication === true && application !== '';
  return (
    <>
      <h1>
        <Words of={application === '' ? strings.headingWithoutApplication : strings.heading} names={names} />
      </h1>
      <p className="muted">
        <Words of={strings.text} names={names} />
      </p>
      <div className="stack">
        <form className="stack flush" id="op.logoutForm" action={action} method="post">
          <Hidden values={model.hidden} />
          <SubmitButton primary name="logout" value="yes">
            {strings.signOutButton}
          </SubmitButton>
          {offerOnly ? (
            <SubmitButton>
              <Words of={strings.onlyButton} names={names} />
            </SubmitButton>
          ) : null}
        </form>
        {model.stayHref === undefined ? null : (
          <LinkButton href={model.stayHref}>{strings.stayButton}</LinkButton>
        )}
      </div>
    </>
  );
}
