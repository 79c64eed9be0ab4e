import type { ReactNode } from 'react';

import { PermissionList, type Permission } from '../consent/permission-list.js';
import { SubmitButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { requireHref } from '../href.js';
import { displayName } from '../text.js';
import { portalStrings as strings } from './strings.js';

/** What one application may do. */
interface AllowedApplication {
  readonly clientId: string;
  readonly name: string;
  readonly permissions: readonly Permission[];
}

/** The page on which a person sees and withdraws what they have allowed (B14). */
export interface PermissionsModel {
  readonly action: string;
  readonly signedInAs?: string | undefined;
  readonly applications: readonly AllowedApplication[];
}

/** The form's field: the clientId of the application that loses its permission. */
export const WITHDRAW_FIELD = 'withdraw';

/**
 * Renders the list, with a form for each application that posts `withdraw=<clientId>`.
 * @throws DomainError `invalid_argument` when `action` is no address that a form may carry
 */
export function renderPermissions(frame: Frame, model: PermissionsModel): string {
  const content = <Permissions frame={frame} model={model} action={requireHref(model.action)} />;
  return renderDocument(frame, { title: strings.title, content });
}

/** Renders the page for somebody who isn't signed in here. */
export function renderPortalSignedOut(frame: Frame): string {
  const content = (
    <>
      <h1>{strings.signedOutHeading}</h1>
      <p className="muted">{strings.signedOutText}</p>
    </>
  );
  return renderDocument(frame, { title: strings.title, content });
}

interface Props {
  readonly frame: Frame;
  readonly model: PermissionsModel;
  readonly action: string;
}

function Permissions({ frame, model, action }: Props): ReactNode {
  const tenant = frame.brand.tenantName;
  return (
    <>
      <h1>{strings.heading}</h1>
      {displayName(model.signedInAs ?? '') === '' ? null : (
        <p className="who muted">
          <span>
            <Words of={strings.signedInAs} names={{ account: model.signedInAs }} />
          </span>
        </p>
      )}
      <p className="muted">
        <Words of={model.applications.length === 0 ? strings.none : strings.intro} names={{ tenant }} />
      </p>
      {model.applications.map((application) => (
        <form key={application.clientId} className="stack" action={action} method="post">
          <h2 className="lead">
            <bdi>{displayName(application.name)}</bdi>
          </h2>
          <PermissionList permissions={application.permissions} />
          <SubmitButton name={WITHDRAW_FIELD} value={application.clientId}>
            <Words of={strings.withdrawButton} names={{ application: application.name }} />
          </SubmitButton>
        </form>
      ))}
    </>
  );
}
