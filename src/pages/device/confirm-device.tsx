import type { ReactNode } from 'react';

import { Icon, SubmitButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { requireHref, safeHref } from '../href.js';
import { displayName, fill, formatDuration, QUOTE_CHARS_MAX } from '../text.js';
import { confirmDeviceStrings as strings } from './strings.js';

/** The page that asks a person whether they started a sign-in on a device (RFC 8628 sections 5.4, 6.1). */
export interface ConfirmDeviceModel {
  readonly action: string;
  readonly code: string;
  /** How long ago the device asked. */
  readonly askedSecondsAgo: number;
  /** The address that the device's request came from. */
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** What the device calls itself. */
  readonly reference: string | null;
  readonly signedInAs?: string | undefined;
  readonly useAnotherHref?: string | undefined;
}

/** The form's field and its two values. */
export const DEVICE_FIELD = 'device';
export type DeviceDecision = 'continue' | 'stop';

/**
 * Renders the page: a form that posts `device=continue` or `device=stop`.
 * @throws DomainError `invalid_argument` when `action` is no address that a form may carry
 */
export function renderConfirmDevice(frame: Frame, model: ConfirmDeviceModel): string {
  const content = <ConfirmDevice frame={frame} model={model} action={requireHref(model.action)} />;
  return renderDocument(frame, { title: strings.title, content });
}

interface Props {
  readonly frame: Frame;
  readonly model: ConfirmDeviceModel;
  readonly action: string;
}

function ConfirmDevice({ frame, model, action }: Props): ReactNode {
  return (
    <>
      <h1>
        <Words of={strings.heading} names={{ application: frame.applicationName }} />
      </h1>
      <div className="alert">
        <p className="fault">
          <Icon name="warning" />
          <span>{strings.warning}</span>
        </p>
      </div>
      <DeviceFacts model={model} />
      <SignedIn model={model} />
      <form className="stack" action={action} method="post">
        <SubmitButton primary name={DEVICE_FIELD} value={'continue' satisfies DeviceDecision}>
          {strings.continueButton}
        </SubmitButton>
        <SubmitButton name={DEVICE_FIELD} value={'stop' satisfies DeviceDecision}>
          {strings.stopButton}
        </SubmitButton>
      </form>
    </>
  );
}

/** What is known of who asks; the device's own words are marked as such by standing in a value. */
function DeviceFacts({ model }: { readonly model: ConfirmDeviceModel }): ReactNode {
  const reference = displayName(model.reference ?? '', QUOTE_CHARS_MAX);
  const device = displayName(model.userAgent ?? '', QUOTE_CHARS_MAX);
  return (
    <dl className="facts">
      <dt>{strings.code}</dt>
      <dd>
        <strong>{displayName(model.code)}</strong> <span className="muted">{strings.codeHint}</span>
      </dd>
      <dt>{strings.asked}</dt>
      <dd>{fill(strings.askedAgo, { ago: formatDuration(model.askedSecondsAgo) })}</dd>
      <dt>{strings.from}</dt>
      <dd>
        <bdi>{model.ip ?? strings.unknown}</bdi>
      </dd>
      <dt>{strings.device}</dt>
      <dd>
        <bdi>{device === '' ? strings.unknown : device}</bdi>
      </dd>
      {reference === '' ? null : (
        <>
          <dt>{strings.reference}</dt>
          <dd>
            <bdi>{reference}</bdi>
          </dd>
        </>
      )}
    </dl>
  );
}

function SignedIn({ model }: { readonly model: ConfirmDeviceModel }): ReactNode {
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
